// Opens one line in place, shows the question about publishing only where everyone may read, and looks whether the document was read.
const form = document.querySelector("form[data-notice]");

async function openLine(name) {
  const answer = await fetch(`?${new URLSearchParams({ edit: name })}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(`line-${name}`);
  if (!answer.ok || !fresh?.querySelector("input, select, textarea")) throw new Error("not there");
  const old = document.getElementById(`line-${name}`);
  if (old) old.replaceWith(fresh);
  else form.querySelector(".lines > :last-child").before(fresh);
  fresh.querySelector(".line__field :is(input:not([type=hidden]), select, textarea)")?.focus();
}

form?.addEventListener("click", async (event) => {
  const button = event.target.closest("button[name=edit]");
  if (!button) return;
  event.preventDefault();
  try {
    await openLine(button.value);
    if ("aside" in button.dataset) button.remove();
  } catch {
    const asked = Object.assign(document.createElement("input"), { type: "hidden", name: "edit", value: button.value });
    form.append(asked);
    form.submit();
  }
});

const why = form?.querySelector("[data-for-everyone]");
if (why) {
  const show = () => (why.hidden = form.querySelector("input[name=readers]:checked")?.value !== "everyone");
  form.addEventListener("change", show);
  show();
}

if (form && "reading" in form.dataset) {
  let typed = false;
  form.addEventListener("input", () => (typed = true));
  const look = async () => {
    const answer = await fetch("?state").catch(() => null);
    const reading = answer?.ok ? (await answer.json()).reading : true;
    if (reading || typed) setTimeout(look, 3000);
    else window.location.reload();
  };
  setTimeout(look, 2000);
}
