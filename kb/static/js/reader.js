// The document reader: keys n and p go to the next and previous hit; "copy with the source" copies what is selected, or the whole page.
// Without this module the links do the same, and the text to copy stands in a field that opens.
const inField = (node) => node instanceof Element && (node.closest("input, textarea, select, [contenteditable]") !== null);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat || inField(event.target)) return;
  if (event.key !== "n" && event.key !== "p") return;
  document.querySelector(`[data-key="${event.key}"]`)?.click();
});

const details = document.querySelector("[data-copy-source]");
if (details && navigator.clipboard) {
  const field = details.querySelector("textarea");
  const said = details.querySelector("[role=status]");
  const summary = details.querySelector("summary");
  const body = document.getElementById("reader-body");
  const name = summary.textContent;
  details.after(said);
  said.classList.add("vh");
  summary.addEventListener("click", async (event) => {
    if (details.open) return;
    event.preventDefault();
    const selection = document.getSelection();
    const chosen = selection && !selection.isCollapsed && body.contains(selection.anchorNode) ? selection.toString().trim() : "";
    try {
      await navigator.clipboard.writeText(chosen ? `${chosen}\n\n${field.dataset.source}` : field.value);
      said.textContent = summary.textContent = field.dataset.copied;
      setTimeout(() => { summary.textContent = name; said.textContent = ""; }, 3000);
    } catch {
      details.open = true;
      field.select();
    }
  });
}
