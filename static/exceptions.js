// The exception queue from the keyboard: J and K move, 1 to 5 choose, Enter applies, L hides what matches.
import { inField, onLetter } from "./frame_keys.js";

const current = () => document.querySelector(".pc-queue__item[aria-current]");

function move(step) {
  const items = [...document.querySelectorAll(".pc-queue__item")];
  const target = items[items.indexOf(current()) + step];
  if (target) location.assign(target.href);
}

function choose(number) {
  const option = document.querySelectorAll(".pc-option input[type=radio]")[number - 1];
  if (option && !option.disabled) {
    option.checked = true;
    option.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

function showOnlyDifferences(only) {
  document.getElementById("comparison")?.classList.toggle("pc-compare--differences", only);
}

const DECISIONS = new Set(["accept", "keep", "return", "pay_supported", "request_credit"]);

function showFields() {
  const chosen = document.querySelector(".pc-option input[type=radio]:checked");
  const until = document.querySelector("[data-for=put_aside]");
  if (until) until.hidden = chosen?.value !== "put_aside";
  for (const field of document.querySelectorAll("[data-for=decision]")) field.hidden = !DECISIONS.has(chosen?.value);
}

function setUp() {
  const form = document.getElementById("resolve");
  const box = document.querySelector("[data-only-differences]");
  onLetter("j", () => move(1));
  onLetter("k", () => move(-1));
  for (let number = 1; number <= 5; number += 1) onLetter(String(number), () => choose(number));
  onLetter("a", () => document.querySelector("[data-equals]")?.click());
  onLetter("l", () => {
    if (box) box.click();
  });
  onLetter("v", () => document.querySelector('[data-key="v"]')?.click());
  onLetter("z", () => document.querySelector('[data-key="z"]')?.click());
  box?.addEventListener("change", () => showOnlyDifferences(box.checked));
  form?.addEventListener("change", showFields);
  showFields();
  document.addEventListener("keydown", (event) => {
    const apart = event.target instanceof Element && event.target.closest("a, button, summary, textarea, [popover], dialog");
    if (event.key !== "Enter" || !form || apart || inField(event.target) || event.defaultPrevented) return;
    event.preventDefault();
    form.requestSubmit();
  });
  current()?.scrollIntoView({ block: "nearest" });
}

setUp();
