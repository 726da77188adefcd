// The theme changes at once; the form behind the buttons stores the choice.
export function setUpTheme() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !("themeSwitch" in form.dataset)) return;
    const chosen = event.submitter?.value;
    if (!chosen) return;
    event.preventDefault();
    const root = document.documentElement;
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.themeChoice = chosen;
    root.dataset.theme = chosen === "system" ? (dark ? "dark" : "light") : chosen;
    for (const button of form.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button === event.submitter));
    }
    const fields = new FormData(form, event.submitter);
    fetch(form.action, { method: "POST", body: fields, redirect: "manual" });
  });
}
