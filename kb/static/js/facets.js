// Closes the filters of the results page where they would push the results below the screen; opens them where there is room.
const facets = document.querySelector("[data-facets]");
const wide = window.matchMedia("(min-width: 56rem)");

if (facets) {
  facets.open = wide.matches;
  wide.addEventListener("change", () => { facets.open = wide.matches; });
}
