// A flame graph in the page: a click on a frame zooms to it, and a word marks frames.
// The graph is as vcperf.figures.flame draws it: a <g> per frame with <title>, <rect> and <text>.

const CHARACTER = 6.7; // pixels of one of the label's
const TITLE = /^(.*) \((\d+) samples, /s;

function flameGraph(svg) {
  const frames = [...svg.querySelectorAll("g")].map((group) => {
    const rect = group.querySelector("rect");
    const [x, y, width] = ["x", "y", "width"].map((name) => Number(rect.getAttribute(name)));
    const name = TITLE.exec(group.querySelector("title").textContent)?.[1] ?? "";
    return { group, rect, text: group.querySelector("text"), x, y, width, name };
  });
  const root = frames[0];
  const near = 0.02; // pixels that numbers in the file are rounded by

  function place(frame, x, width) {
    frame.rect.setAttribute("x", x);
    frame.rect.setAttribute("width", width);
    const room = Math.floor((width - 6) / CHARACTER);
    if (!frame.text) {
      if (room < 5) return;
      frame.text = document.createElementNS(svg.namespaceURI, "text");
      frame.text.setAttribute("y", frame.y + 12);
      frame.group.append(frame.text);
    }
    const whole = frame.name.length <= room;
    frame.text.textContent = whole ? frame.name : room < 5 ? "" : `${frame.name.slice(0, room - 2)}..`;
    frame.text.setAttribute("x", x + 3);
  }

  function zoom(to) {
    const scale = root.width / to.width;
    for (const frame of frames) {
      const around = frame.x <= to.x + near && frame.x + frame.width >= to.x + to.width - near;
      const inside = frame.x >= to.x - near && frame.x + frame.width <= to.x + to.width + near;
      const below = frame.y > to.y && around;
      const shown = below || (inside && frame.y <= to.y);
      frame.group.style.display = shown ? "" : "none";
      frame.group.style.opacity = below ? 0.6 : "";
      if (below) place(frame, root.x, root.width);
      else if (shown) place(frame, root.x + (frame.x - to.x) * scale, frame.width * scale);
    }
  }

  // Returns the share of the samples that have a frame with this word in its name.
  function mark(word) {
    let [share, end] = [0, 0];
    const found = frames.filter((f) => word && f.name.toLowerCase().includes(word.toLowerCase()));
    for (const frame of frames) frame.rect.style.fill = found.includes(frame) ? "#cc79a7" : "";
    for (const frame of found.sort((one, other) => one.x - other.x)) {
      share += Math.max(0, frame.x + frame.width - Math.max(end, frame.x));
      end = Math.max(end, frame.x + frame.width);
    }
    return share / root.width;
  }

  for (const frame of frames) {
    frame.group.style.cursor = "pointer";
    frame.group.addEventListener("click", () => zoom(frame));
  }
  return { mark, reset: () => zoom(root) };
}
