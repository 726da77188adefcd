// Keys: Ctrl K to the search, ? to the list of keys, Escape closes a menu.
// Screens add their own single letters with onLetter("j", () => …).

const letters = new Map();

export function onLetter(letter, action) {
  letters.set(letter, action);
}

export function inField(element) {
  return element instanceof HTMLElement && element.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]") !== null;
}

function focusSearch(event) {
  const search = document.querySelector("[data-search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
  search.select();
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.pc-menu[open], details.pc-org[open]")) {
    if (except && menu.contains(except)) continue;
    menu.open = false;
  }
}

export function setUpKeys() {
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") return focusSearch(event);
    if (event.key === "Escape") {
      const menu = event.target instanceof Element ? event.target.closest("details.pc-menu[open], details.pc-org[open]") : null;
      closeMenus();
      if (menu) menu.querySelector("summary").focus();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (!("letterKeys" in document.body.dataset) || inField(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "?") {
      document.getElementById("keyboard-help")?.togglePopover();
      return;
    }
    const action = letters.get(event.key.toLowerCase());
    if (action) {
      event.preventDefault();
      action(event);
    }
  });
  document.addEventListener("click", (event) => closeMenus(event.target));
}
