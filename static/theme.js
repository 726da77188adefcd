// Before the first paint: the device's own theme where the person has not chosen one.
// A classic script on purpose: a module would run after the page has been drawn in the wrong one.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    if (root.dataset.themeChoice === "system") root.dataset.theme = dark.matches ? "dark" : "light";
  };
  root.dataset.themeChoice = root.dataset.theme || "system";
  follow();
  dark.addEventListener("change", follow);
})();
