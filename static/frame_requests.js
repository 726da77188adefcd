// htmx: the CSRF token on each request, a sentence when the server could not answer, toasts that leave.

const SHOWN_FOR = 10_000;

export function toast(words) {
  const region = document.getElementById("toasts");
  const box = document.createElement("div");
  box.className = "pc-toast";
  const text = document.createElement("span");
  text.textContent = words;
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "Close";
  close.addEventListener("click", () => box.remove());
  box.append(text, close);
  region.append(box);
  return box;
}

function leaveInTime(box) {
  if (!("staying" in box.dataset) && !box.dataset.timed) {
    box.dataset.timed = "yes";
    setTimeout(() => box.remove(), Number(box.dataset.shownFor) || SHOWN_FOR);
  }
}

export function setUpRequests() {
  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.querySelector('meta[name="csrf-token"]')?.content;
    if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token;
  });
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 403) toast("You may not do this. Ask an administrator for the role.");
    else if (status === 404) toast("This no longer exists. Reload the page.");
    else toast("The server could not answer. Nothing was changed; try again.");
  });
  document.addEventListener("htmx:sendError", () => {
    toast("No connection. Nothing was changed; try again when you are online.");
  });
  const region = document.getElementById("toasts");
  if (!region) return;
  for (const box of region.children) leaveInTime(box);
  new MutationObserver(() => {
    for (const box of region.children) leaveInTime(box);
  }).observe(region, { childList: true });
}
