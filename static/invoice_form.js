// Shows what the parts of the invoice add up to while it is typed; the server decides.

const number = (form, name) => {
  const text = form.elements[name]?.value.trim() ?? "";
  return text === "" || Number.isNaN(Number(text)) ? 0 : Number(text);
};

function partsOf(form) {
  const count = number(form, "lines-TOTAL_FORMS");
  let sum = 0;
  for (let place = 0; place < count; place += 1) {
    const written = form.elements[`lines-${place}-amount`]?.value.trim();
    sum += written ? number(form, `lines-${place}-amount`) : Math.round(number(form, `lines-${place}-quantity`) * number(form, `lines-${place}-unit_price`) * 100) / 100;
  }
  return sum + number(form, "charge_amount") + number(form, "tax_amount") - number(form, "discount_amount") - number(form, "prepaid_amount");
}

function setUp() {
  const form = document.querySelector("form[data-invoice]");
  const shown = form?.querySelector("[data-parts]");
  if (!shown) return;
  const show = () => {
    const difference = number(form, "total_amount") - partsOf(form);
    const parts = partsOf(form).toFixed(2);
    shown.textContent = Math.abs(difference) < 0.005 ? `The parts add up to ${parts}.` : `The parts add up to ${parts}; the total differs by ${difference.toFixed(2)}.`;
  };
  form.addEventListener("input", show);
  show();
}

setUp();
