"use strict";
// Puts the newest state of the run into the page; what the reader looks at stays where it is.
(() => {
  const EVERY_MS = 1000;
  const LATE_MS = 4000;
  const live = document.getElementById("live");
  const main = document.querySelector("main");
  let version = live.dataset.version;
  let heard = Date.now();
  let pointer = null;
  const shown = new Map();

  addEventListener("pointermove", (event) => {
    pointer = event.isTrusted ? [event.clientX, event.clientY] : pointer;
  });

  // An element near the top of the window, known again by its text after an update.
  const marks = () => [...main.querySelectorAll("h1, h2, .part th, .part summary, .part dt")];
  const anchor = () => {
    const first = live.getBoundingClientRect().bottom;
    const all = marks();
    const found = all.find((each) => each.getBoundingClientRect().top >= first && each.offsetParent);
    if (!found || scrollY === 0) return null;
    const same = all.filter((each) => each.textContent === found.textContent);
    return { text: found.textContent, nth: same.indexOf(found), top: found.getBoundingClientRect().top };
  };
  const hold = (place) => {
    if (!place) return;
    const same = marks().filter((each) => each.textContent === place.text);
    const found = same[place.nth] || same[0];
    if (found) scrollBy({ top: found.getBoundingClientRect().top - place.top, behavior: "instant" });
  };

  // The gate of the evidence, or the group of the gates.
  const name = (details) => {
    const head = details.closest("tr") || details.querySelector("summary");
    return (head.querySelector("b") || head).textContent;
  };
  const selected = (part) => {
    const selection = getSelection();
    return !selection.isCollapsed && part.contains(selection.anchorNode);
  };
  const replace = (part, html, open) => {
    const slid = [...part.querySelectorAll(".scroll, pre")].map((each) => each.scrollLeft);
    const focusable = () => [...part.querySelectorAll(".scroll, summary")];
    const focus = focusable().indexOf(document.activeElement);
    part.innerHTML = html;
    part.querySelectorAll("details").forEach((each) => { each.open = open.has(name(each)); });
    part.querySelectorAll(".scroll, pre").forEach((each, at) => { each.scrollLeft = slid[at] || 0; });
    if (focus >= 0) focusable()[focus]?.focus({ preventScroll: true });
  };
  const update = (parts) => {
    const open = new Set([...main.querySelectorAll("details[open]")].map(name));
    const places = [...main.querySelectorAll(":scope > .part")];
    for (let at = 0; at < Math.max(parts.length, places.length); at += 1) {
      let part = places[at];
      if (at >= parts.length) { part.remove(); continue; }
      if (!part) {
        part = document.createElement("div");
        part.className = "part";
        main.append(part);
      }
      if (shown.get(at) === parts[at] || selected(part)) continue;
      replace(part, parts[at], open);
      shown.set(at, parts[at]);
    }
    dispatchEvent(new Event("diya-updated"));
    const under = pointer && document.elementFromPoint(...pointer)?.closest("svg.chart");
    if (under) {
      under.dispatchEvent(new PointerEvent("pointermove", { clientX: pointer[0], clientY: pointer[1] }));
    }
  };

  const late = (over) => {
    const stale = live.querySelector(".stale");
    stale.hidden = !over && Date.now() - heard < LATE_MS;
    stale.textContent = over
      ? "The run has ended; this page is its last state."
      : `diya has not answered since ${new Date(heard).toLocaleTimeString()}: the run was stopped, or it ended.`;
  };
  const poll = async () => {
    let over = false;
    try {
      const answer = await fetch(`state?after=${version}`, { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      const state = await answer.json();
      heard = Date.now();
      over = state.over;
      document.title = state.title;
      document.body.className = state.kind;
      const place = anchor();
      live.innerHTML = state.strip;
      if (state.parts) update(state.parts);
      hold(place);
      version = state.version;
    } catch { /* told below */ }
    late(over);
    if (!over) setTimeout(poll, EVERY_MS);
  };
  poll();
})();
