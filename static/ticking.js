// Rows that are ticked for one step: how many there are, and a button for all the others of their currency.

const boxes = () => [...document.querySelectorAll("tbody input[type=checkbox][form=pay]")];

function othersOf(ticked) {
  return boxes().filter((box) => !box.checked && box.dataset.currency === ticked[0]?.dataset.currency);
}

function show(bar) {
  const ticked = boxes().filter((box) => box.checked);
  const others = othersOf(ticked);
  const button = bar.querySelector("[data-tick-others]");
  bar.querySelector("[data-ticked]").textContent = `${ticked.length} ticked.`;
  button.textContent = `Tick the other ${others.length} in ${ticked[0]?.dataset.currency}`;
  button.hidden = others.length === 0;
}

const bar = document.getElementById("pay");
if (bar) {
  bar.querySelector("[data-tick-others]").addEventListener("click", () => {
    for (const box of othersOf(boxes().filter((one) => one.checked))) box.checked = true;
    show(bar);
  });
  document.addEventListener("change", () => show(bar));
  document.addEventListener("htmx:afterSwap", () => show(bar));
  show(bar);
}
