"use strict";
// Comfort only: the page says everything without it.
(() => {
  // A printed page cannot be unfolded.
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details").forEach((details) => { details.open = true; });
  });

  const follow = () => {
    const chart = document.querySelector("svg.chart");
    const data = document.getElementById("timeline-data");
    const readout = document.querySelector("output.readout");
    if (!chart || !data || !readout || chart.querySelector(".hair")) return;
    const { t, clock, series } = JSON.parse(data.textContent);
    const { left, right, top, bottom, start, end } = Object.fromEntries(
      Object.entries(chart.dataset).map(([name, value]) => [name, Number(value)]));
    const hair = document.createElementNS(chart.namespaceURI, "line");
    hair.setAttribute("class", "hair");
    hair.setAttribute("y1", top);
    hair.setAttribute("y2", bottom);
    chart.append(hair);

    const hide = () => { readout.hidden = true; hair.removeAttribute("x1"); hair.style.display = "none"; };
    hide();
    chart.addEventListener("pointerleave", hide);
    chart.addEventListener("pointermove", (event) => {
      const box = chart.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width * chart.viewBox.baseVal.width;
      if (x < left || x > right) { hide(); return; }
      const moment = start + (x - left) / (right - left) * (end - start);
      let at = 0;
      while (at + 1 < t.length && t[at + 1] <= moment) at += 1;
      hair.setAttribute("x1", x);
      hair.setAttribute("x2", x);
      hair.style.display = "";
      readout.replaceChildren(...[["at", clock[at]], ...series.map(([name, values]) => [name, values[at]])]
        .map(([name, value]) => {
          const row = document.createElement("span");
          row.textContent = `${name} ${value}`;
          return row;
        }));
      readout.hidden = false;
      const beside = (event.clientX - box.left) + 14;
      const flip = beside + readout.offsetWidth > box.width;
      readout.style.left = `${flip ? beside - readout.offsetWidth - 28 : beside}px`;
      readout.style.top = `${event.clientY - box.top + 14}px`;
    });
  };
  follow();
  // A page of a running run has a new chart then.
  addEventListener("diya-updated", follow);
})();
