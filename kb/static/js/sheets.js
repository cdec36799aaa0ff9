// How far the import of a workbook is: the part of the page that says so is fetched again until the work is over, then the whole page.

const EVERY_MS = 2000;

async function follow(part) {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(part.id);
  if (!fresh) return;
  if (!("sheetProgress" in fresh.dataset)) {
    location.reload();
    return;
  }
  if (!part.contains(document.activeElement)) part.replaceChildren(...fresh.childNodes);
  setTimeout(() => follow(part), EVERY_MS);
}

for (const part of document.querySelectorAll("[data-sheet-progress]")) setTimeout(() => follow(part), EVERY_MS);
