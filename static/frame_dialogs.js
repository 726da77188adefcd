// A dialog the server sends into #dialog opens itself; Escape and [data-close] return with nothing changed.

let opener = null;

function openDialogs() {
  for (const dialog of document.querySelectorAll("#dialog dialog:not([open])")) dialog.showModal();
}

export function setUpDialogs() {
  openDialogs();
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target?.id === "dialog") opener = event.detail.elt;
  });
  document.addEventListener("htmx:afterSettle", openDialogs);
  document.addEventListener("click", (event) => {
    const close = event.target instanceof Element ? event.target.closest("[data-close]") : null;
    const dialog = close?.closest("dialog");
    if (!dialog) return;
    event.preventDefault();
    dialog.close();
  });
  document.addEventListener(
    "close",
    (event) => {
      if (!(event.target instanceof HTMLDialogElement) || !event.target.closest("#dialog")) return;
      event.target.remove();
      if (opener?.isConnected) opener.focus();
      opener = null;
    },
    true,
  );
}
