// Receiving: "All" fills a line, what was typed is kept on this device until the receipt is posted.

const form = document.getElementById("receive");
const lines = [...form.querySelectorAll("[data-line]")];
const count = document.getElementById("receive-count");
const saved = document.getElementById("receive-saved");
const shelf = `receipt:${form.dataset.order}`;

const fieldOf = (line, name) => document.getElementById(`${line.dataset.line}-${name}`);

function show() {
  let done = 0;
  for (const line of lines) {
    const rejected = fieldOf(line, "rejected").value.trim();
    const given = Boolean(fieldOf(line, "good").value.trim() || rejected);
    line.classList.toggle("pc-receipt-line--done", given);
    line.querySelector("[data-reason]").hidden = !rejected || Number(rejected) === 0;
    done += given ? 1 : 0;
  }
  count.textContent = `${done} of ${lines.length} lines`;
}

function keep() {
  const typed = {};
  for (const [name, value] of new FormData(form)) {
    if (value && typeof value === "string" && !["csrfmiddlewaretoken", "idempotency_key", "received_on"].includes(name)) typed[name] = value;
  }
  try {
    localStorage.setItem(shelf, JSON.stringify(typed));
  } catch {
    return;
  }
  const now = new Date();
  saved.textContent = `kept on this device, ${String(now.getHours()).padStart(2, "0")}:${String(now.getMinutes()).padStart(2, "0")}`;
}

function restore() {
  let typed = {};
  try {
    typed = JSON.parse(localStorage.getItem(shelf) ?? "{}");
  } catch {
    return;
  }
  for (const [name, value] of Object.entries(typed)) {
    for (const input of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (input.type === "radio") input.checked = input.value === value;
      else if (input.type !== "file" && !input.value) input.value = value;
    }
  }
}

for (const line of lines) {
  const all = line.querySelector("[data-all]");
  all.hidden = false;
  all.addEventListener("click", () => {
    fieldOf(line, "good").value = line.dataset.open;
    fieldOf(line, "rejected").value = "";
    keep();
    show();
  });
}

// A camera gives one photo at a time: each is added to those taken before, up to the limit.
for (const input of form.querySelectorAll("[data-photos]")) {
  const taken = new Map();
  const said = input.parentElement.querySelector("output");
  input.addEventListener("change", () => {
    for (const file of input.files) taken.set(`${file.name} ${file.size} ${file.lastModified}`, file);
    const all = new DataTransfer();
    for (const file of taken.values()) all.items.add(file);
    input.files = all.files;
    said.textContent = `${taken.size} photo${taken.size === 1 ? "" : "s"}`;
  });
}

form.querySelector("[data-accept]").addEventListener("click", (event) => {
  event.preventDefault();
  for (const line of lines) {
    const untouched = !fieldOf(line, "good").value.trim() && !fieldOf(line, "rejected").value.trim();
    if (untouched && Number(line.dataset.open.replace(/\D/g, ""))) fieldOf(line, "good").value = line.dataset.open;
  }
  keep();
  show();
});

form.addEventListener("input", () => {
  keep();
  show();
});
form.addEventListener("submit", () => localStorage.removeItem(shelf));

restore();
show();
