// Dropping files on the zone, and saying what was chosen and what is too heavy before anything is sent. Without it the field itself does.
const form = document.querySelector("form[data-give]");
const zone = form?.querySelector("[data-drop]");
const field = zone?.querySelector("input[type=file]");
const said = zone?.querySelector("[data-drop-said]");

function say() {
  const files = [...field.files];
  const heavy = files.filter((file) => file.size > Number(form.dataset.largest));
  const chosen = files.length > 1 ? `${said.dataset.many} ${files.length}` : files.length ? said.dataset.one : "";
  said.textContent = heavy.length ? `${said.dataset.heavy} ${heavy.map((file) => file.name).join(", ")}` : chosen;
  said.classList.toggle("drop__said--missing", heavy.length > 0);
  form.querySelector(".drop__together").hidden = files.length < 2 && !form.querySelectorAll("input[name=kept]").length;
}

if (field) {
  for (const kind of ["dragenter", "dragover"]) {
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.add("drop--over");
    });
  }
  zone.addEventListener("dragleave", () => zone.classList.remove("drop--over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("drop--over");
    const all = new DataTransfer();
    for (const file of [...field.files, ...event.dataTransfer.files]) all.items.add(file);
    field.files = all.files;
    say();
  });
  field.addEventListener("change", say);
  say();
}
