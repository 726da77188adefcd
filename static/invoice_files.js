// Files dropped anywhere on the page are put into the form and sent at once; without this, the
// button sends. While they are on their way the area lists them, as the answer may take a while.

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");

function listSent(area, files) {
  const list = document.createElement("ul");
  list.className = "pc-drop__files";
  for (const file of files) {
    const item = document.createElement("li");
    item.textContent = file.name;
    list.append(item);
  }
  area.querySelector(".pc-drop__files")?.remove();
  area.append(list);
}

function setUp() {
  const form = document.querySelector("form[data-files]");
  const area = form?.querySelector("[data-drop]");
  const input = form?.querySelector("input[type=file]");
  const told = form?.querySelector("[role=status]");
  if (!area || !input || !told) return;
  const most = Number(form.dataset.files);
  const out = () => area.classList.remove("pc-drop--over");
  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault(); // else the browser would leave the page and open the file
    area.classList.add("pc-drop--over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) out(); // out of the window, not onto another element
  });
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    out();
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    const count = input.files.length;
    if (count > most) {
      event.preventDefault();
      told.textContent = `These are ${count} files; send at most ${most} at once.`;
      return;
    }
    told.textContent = count === 1 ? "Sending 1 file …" : `Sending ${count} files …`;
    area.classList.add("pc-drop--sending");
    listSent(area, input.files);
  });
  // A page that comes back from the browser's history is not sending any more.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    told.textContent = "";
    area.classList.remove("pc-drop--sending");
    area.querySelector(".pc-drop__files")?.remove();
  });
}

setUp();
