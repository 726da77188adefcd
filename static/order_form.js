// The order form. htmx sends each cell as it is left; here stands what a person at the keyboard
// needs besides: suggestions, rows that follow, and prices filled where nobody is typing.

const form = document.getElementById("order");
const body = document.getElementById("order-lines");
const blankRow = document.getElementById("new-line");
const panel = document.getElementById("suggestions");
const list = document.getElementById("suggestion-list");
const WAIT = 140;

let base = form.dataset.base;
let open = 0; // requests on their way
let fresh = 1;
let combobox = null;
let asked = 0;
let timer = 0;

const cell = (row, name) => document.getElementById(`${row.dataset.row}-${name}`);
const rowOf = (element) => element.closest("tr[data-row]");
const isNew = (row) => "new" in row.dataset;

// Addresses: a form that has just become a draft lives elsewhere -----------------------------

document.body.addEventListener("htmx:configRequest", (event) => {
  const part = event.target.dataset?.part;
  if (part === undefined) return;
  event.detail.path = base + part;
  if (part === "ranking/") event.detail.parameters.shown = supplierIds().join(",");
  const row = rowOf(event.target);
  if (row && isNew(row) && !cell(row, "sku").value.trim()) event.preventDefault();
  if (base === form.dataset.base && form.dataset.isNew === "yes" && part === "ranking/") event.preventDefault();
});

function moveTo(address) {
  if (base === address) return;
  base = address;
  form.dataset.isNew = "no";
  form.action = `${base}save/`;
  for (const button of form.querySelectorAll("button[formaction]")) button.formAction = base + button.dataset.part;
  for (const link of form.querySelectorAll("a[data-part]")) link.href = base + link.dataset.part;
}

// What the server says after a cell was saved ------------------------------------------------

document.body.addEventListener("pc-saved", (event) => {
  const saved = event.detail;
  moveTo(saved.base);
  document.getElementById("order-revision").value = saved.revision;
  form.dataset.supplier = saved.supplier;
  for (const [key, number] of Object.entries(saved.added)) settleRow(key, number);
  for (const number of saved.removed) removeRow(number);
  if (saved.ranks) document.body.dispatchEvent(new CustomEvent("pc-rank"));
});

document.body.addEventListener("pc-refused", (event) => {
  const input = document.getElementById(event.detail.field) ?? document.getElementById(event.detail.cell);
  input?.setAttribute("aria-invalid", "true");
  if (event.detail.cell === "supplier") restoreSupplier();
});

document.body.addEventListener("pc-ranked", (event) => {
  const rows = new Map([...document.querySelectorAll("#ranking tr[data-supplier]")].map((row) => [row.dataset.supplier, row]));
  if (document.getElementById("ranking").contains(document.activeElement)) return;
  for (const id of event.detail.order) {
    const row = rows.get(id);
    if (row) row.parentElement.append(row);
  }
});

function supplierIds() {
  return [...document.querySelectorAll("#ranking tr[data-supplier]")].map((row) => row.dataset.supplier);
}

function restoreSupplier() {
  for (const radio of form.querySelectorAll("input[name=supplier]")) radio.checked = radio.value === form.dataset.supplier;
}

document.addEventListener("close", (event) => {
  if (event.target instanceof HTMLDialogElement && event.target.querySelector("[data-friction]")) restoreSupplier();
}, true);

// A cell somebody is typing in, or whose answer is awaited, is never written to ---------------

document.body.addEventListener("htmx:beforeRequest", () => { open += 1; });
document.body.addEventListener("htmx:afterRequest", (event) => {
  open = Math.max(open - 1, 0);
  const input = event.detail.elt;
  if (!(input instanceof HTMLInputElement)) return;
  delete input.dataset.awaited;
  if (event.detail.successful) input.removeAttribute("aria-invalid");
});

document.body.addEventListener("change", (event) => {
  if (event.target.matches?.(".pc-cell")) event.target.dataset.awaited = "yes";
}, true);

// Prices the server filled go into their cells once its answer is in place.
document.body.addEventListener("htmx:afterRequest", () => {
  for (const hint of body.querySelectorAll("[data-price]")) {
    const row = rowOf(hint);
    const price = cell(row, "unit_price");
    price.placeholder = hint.dataset.price;
    if (document.activeElement !== price && !("awaited" in price.dataset)) price.value = hint.dataset.price;
    const reason = cell(row, "price_reason");
    if (document.activeElement !== reason && !reason.value) reason.hidden = hint.dataset.edited !== "yes";
    delete hint.dataset.price;
  }
});

// A price cell that was entered before its price arrived, and left as it was, takes it now.
body.addEventListener("focusout", (event) => {
  const price = event.target;
  if (price.id.endsWith("-unit_price") && !price.value && !("awaited" in price.dataset)) price.value = price.placeholder;
});

// Rows --------------------------------------------------------------------------------------

function addRow() {
  fresh += 1;
  const numbers = [...body.querySelectorAll("tr[data-row]")].map((row) => Number(row.cells[0].textContent) || 0);
  const holder = document.createElement("tbody");
  holder.innerHTML = blankRow.innerHTML.replaceAll("__row__", `new-${fresh}`).replaceAll("__number__", Math.max(0, ...numbers) + 1);
  const row = holder.firstElementChild;
  body.append(row);
  window.htmx.process(row);
  return row;
}

// The row that was typed becomes the line; its cells keep what is in them.
function settleRow(key, number) {
  const row = body.querySelector(`tr[data-row="${key}"]`);
  if (!row) return;
  const name = `line-${number}`;
  for (const element of [row, ...row.querySelectorAll("*")]) {
    for (const attribute of [...element.attributes]) {
      if (attribute.value.includes(key)) element.setAttribute(attribute.name, attribute.value.replaceAll(key, name));
      if (attribute.value.includes("new line")) element.setAttribute(attribute.name, attribute.value.replace("the new line", `line ${number}`).replace("new line", `line ${number}`));
    }
  }
  delete row.dataset.new;
  row.classList.remove("pc-line--new");
  row.cells[0].textContent = number;
  cell(row, "sku").setAttribute("hx-params", `${name}-sku`);
  const remove = row.querySelector("[data-remove]");
  remove.value = number;
  remove.hidden = false;
  const last = body.lastElementChild;
  if (!isNew(last)) addRow();
  else last.cells[0].textContent = Math.max(Number(last.cells[0].textContent), number + 1);
}

function removeRow(number) {
  const row = body.querySelector(`tr[data-row="line-${number}"]`);
  if (!row) return;
  const next = row.nextElementSibling ?? row.previousElementSibling;
  const hadFocus = row.contains(document.activeElement);
  row.remove();
  if (hadFocus && next) cell(next, "sku").focus();
}

// Suggestions -------------------------------------------------------------------------------

function closeList() {
  window.clearTimeout(timer);
  asked += 1;
  panel.hidden = true;
  list.replaceChildren();
  if (!combobox) return;
  combobox.setAttribute("aria-expanded", "false");
  combobox.removeAttribute("aria-activedescendant");
  combobox = null;
}

async function suggest(input) {
  const text = input.value.trim();
  if (!text) return closeList();
  asked += 1;
  const mine = asked;
  const answer = await fetch(`${base}suggestions/?q=${encodeURIComponent(text)}`, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (mine !== asked || document.activeElement !== input || !answer?.ok) return;
  list.innerHTML = await answer.text();
  if (!list.children.length) return closeList();
  combobox = input;
  input.closest(".pc-typeahead").append(panel);
  panel.hidden = false;
  input.setAttribute("aria-expanded", "true");
  input.setAttribute("aria-activedescendant", list.firstElementChild.id);
}

function move(step) {
  const options = [...list.children];
  const now = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  const next = options[(now + step + options.length) % options.length];
  options[now]?.setAttribute("aria-selected", "false");
  next.setAttribute("aria-selected", "true");
  next.scrollIntoView({ block: "nearest" });
  combobox.setAttribute("aria-activedescendant", next.id);
}

function pick(option) {
  const input = combobox;
  input.value = option.dataset.code;
  closeList();
  saveSku(input);
  const quantity = cell(rowOf(input), "ordered_quantity");
  quantity.focus();
  quantity.select();
}

function saveSku(input) {
  const row = rowOf(input);
  if (!input.value.trim() || input.value.trim() === (input.dataset.sent ?? input.defaultValue)) return;
  input.dataset.sent = input.value.trim();
  const quantity = cell(row, "ordered_quantity");
  if (isNew(row) && !quantity.value.trim()) quantity.value = "1";
  input.dispatchEvent(new CustomEvent("pc-save"));
  if (isNew(row) && row === body.lastElementChild) addRow();
}

body.addEventListener("input", (event) => {
  if (!event.target.matches("[role=combobox]")) return;
  window.clearTimeout(timer);
  timer = window.setTimeout(() => suggest(event.target), WAIT);
});

body.addEventListener("focusout", (event) => {
  const input = event.target;
  if (!input.matches("[role=combobox]") || panel.contains(event.relatedTarget)) return;
  if (combobox === input) closeList();
  saveSku(input);
});

panel.addEventListener("pointerdown", (event) => event.preventDefault());
panel.addEventListener("click", (event) => {
  const option = event.target.closest("[role=option]");
  if (option) pick(option);
});

// Keys --------------------------------------------------------------------------------------

form.addEventListener("keydown", (event) => {
  const input = event.target;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    input.blur();
    form.requestSubmit(document.getElementById("order-submit"));
    return;
  }
  const row = input instanceof Element ? rowOf(input) : null;
  if (row && event.key === "Backspace" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (isNew(row)) input.value = "";
    else row.querySelector("[data-remove]").click();
    return;
  }
  if (!combobox || input !== combobox) {
    if (event.key === "Enter" && input.matches(".pc-cell, .pc-input")) {
      event.preventDefault();
      input.blur();
      input.focus();
    }
    return;
  }
  const option = list.querySelector("[aria-selected=true]");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  } else if ((event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) && option) {
    event.preventDefault();
    pick(option);
  } else if (event.key === "Escape") {
    event.stopPropagation();
    closeList();
  }
});

// Pasting two columns or several rows opens the preview ---------------------------------------

body.addEventListener("paste", (event) => {
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!/[\t\n]/.test(text.trim())) return;
  event.preventDefault();
  closeList();
  window.htmx.ajax("POST", `${base}paste/`, { target: "#dialog", swap: "innerHTML", values: { rows: text } });
});

document.addEventListener("input", (event) => {
  const count = document.querySelector(`[data-count-of="${event.target.id}"]`);
  if (count) count.textContent = event.target.value.trim().length;
});

// Submitting waits for the cells on their way --------------------------------------------------

form.addEventListener("submit", (event) => {
  if (!open) return;
  event.preventDefault();
  const button = event.submitter;
  const again = window.setInterval(() => {
    if (open) return;
    window.clearInterval(again);
    form.requestSubmit(button);
  }, 30);
});
