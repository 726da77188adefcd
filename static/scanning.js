// Scan first: a code that stands on an open line goes there at once; the server finds every other.
// The camera reads codes only where the browser can; a keyboard scanner needs nothing of this.

const form = document.querySelector("[data-scan]");
const field = form.querySelector("[name=q]");
const said = form.querySelector("[data-scan-said]");
const picture = form.querySelector("[data-camera-picture]");
const camera = form.querySelector("[data-camera]");

const bare = (code) => code.trim().toUpperCase().replace(/^0+/, "");

function lineWith(code) {
  const wanted = bare(code);
  if (!wanted) return null;
  const lines = [...document.querySelectorAll("[data-codes]")];
  return lines.find((line) => line.dataset.codes.split("|").some((one) => bare(one) === wanted)) ?? null;
}

form.addEventListener("submit", (event) => {
  const line = lineWith(field.value);
  if (!line) return;
  event.preventDefault();
  said.textContent = `${field.value.trim()} found`;
  field.value = "";
  line.scrollIntoView({ block: "center" });
  document.getElementById(`${line.dataset.line}-good`).focus();
});

async function look(detector, stream) {
  while (stream.active) {
    const [code] = await detector.detect(picture);
    if (code) {
      for (const track of stream.getTracks()) track.stop();
      picture.hidden = true;
      field.value = code.rawValue;
      form.requestSubmit();
      return;
    }
    await new Promise((done) => setTimeout(done, 150));
  }
}

async function open() {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    picture.srcObject = stream;
    picture.hidden = false;
    await picture.play();
    await look(new BarcodeDetector(), stream);
  } catch {
    said.textContent = "The camera is not available. Type the code instead.";
  }
}

if ("BarcodeDetector" in window && navigator.mediaDevices) {
  camera.hidden = false;
  camera.addEventListener("click", open);
}
