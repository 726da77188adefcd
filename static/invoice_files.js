// Files dropped on the area are put into its input and sent at once; without this, the button sends.

function setUp() {
  const form = document.querySelector("form[data-files]");
  const area = form?.querySelector("[data-drop]");
  const input = form?.querySelector("input[type=file]");
  if (!area || !input) return;
  const over = (event) => {
    event.preventDefault();
    area.classList.add("pc-drop--over");
  };
  const out = () => area.classList.remove("pc-drop--over");
  area.addEventListener("dragenter", over);
  area.addEventListener("dragover", over);
  area.addEventListener("dragleave", out);
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    out();
    if (!event.dataTransfer?.files.length) return;
    input.files = event.dataTransfer.files;
    form.requestSubmit();
  });
}

setUp();
