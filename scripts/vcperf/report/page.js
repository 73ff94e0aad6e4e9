// The report's own script: tables, flame graphs and enlarged figures. See page.py.

const dark = matchMedia("(prefers-color-scheme: dark)");
const setDark = () => document.documentElement.classList.toggle("dark", dark.matches);
dark.addEventListener("change", setDark);
setDark();

// What packed.py packed: gzip in base64.
async function unpack(text) {
  const bytes = Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

let loading;
function library() {
  loading ??= unpack(document.getElementById("library").innerHTML).then((source) => {
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    return import(url).finally(() => URL.revokeObjectURL(url));
  });
  return loading;
}

// Text, never HTML: DataTables writes what it is given as HTML.
const escaped = (value) =>
  String(value).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const shown = (value, type) => (type === "display" ? escaped(value) : value);

async function openTable(box) {
  const [{ default: DataTable }, text] = await Promise.all([library(), unpack(box.dataset.table)]);
  const values = JSON.parse(text);
  const rows = (values[0] ?? []).map((_, row) => values.map((column) => column[row]));
  const columns = JSON.parse(box.dataset.columns).map(([name, unit, meaning], at) => ({
    title: `<span title="${escaped(meaning)}">${escaped(name)}</span>` +
      (unit ? ` <small>${escaped(unit)}</small>` : ""),
    type: values[at].every((v) => v === "" || typeof v === "number") ? "num" : "string",
    render: shown,
  }));
  const table = document.createElement("table");
  table.className = "display compact nowrap";
  box.replaceChildren(table);
  new DataTable(table, {
    data: rows,
    columns,
    deferRender: true,
    scrollX: true,
    order: [],
    pageLength: 25,
    lengthMenu: [10, 25, 100, 1000],
    language: { searchBuilder: { title: "" } },
    layout: { top1: "searchBuilder", topStart: "pageLength", topEnd: "search" },
  });
}

async function openFlame(box) {
  const parsed = new DOMParser().parseFromString(await unpack(box.dataset.svg), "image/svg+xml");
  const svg = document.importNode(parsed.documentElement, true);
  const graph = flameGraph(svg);
  const [word, back, share] = ["input", "button", "output"].map((tag) => document.createElement(tag));
  word.type = "search";
  word.placeholder = word.ariaLabel = "Mark functions";
  word.addEventListener("input", () => {
    const marked = graph.mark(word.value);
    share.textContent = word.value ? ` ${(100 * marked).toFixed(1)} % of the samples` : "";
  });
  back.type = "button";
  back.textContent = "Whole graph";
  back.addEventListener("click", graph.reset);
  const controls = document.createElement("p");
  controls.append(word, " ", back, share);
  box.replaceChildren(controls, svg);
}

function onFirstOpen(selector, inside, open) {
  for (const details of document.querySelectorAll(selector)) {
    const first = () => {
      if (!details.open) return;
      details.removeEventListener("toggle", first);
      const box = details.querySelector(inside);
      open(box).catch((fault) => {
        box.textContent = `This browser cannot show it: ${fault.message}`;
        console.error(fault);
      });
    };
    details.addEventListener("toggle", first);
  }
}
onFirstOpen("details.table", "[data-table]", openTable);
onFirstOpen("details.flame", "[data-svg]", openFlame);

// A link to something that is closed opens it.
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
}
addEventListener("hashchange", openTarget);
openTarget();

const large = document.getElementById("large");
const picture = large.querySelector("img");
let width = 0;
function resize(factor) {
  width = Math.min(8000, Math.max(200, width * factor));
  picture.style.width = `${width}px`;
}
for (const button of document.querySelectorAll("button.zoom")) {
  button.addEventListener("click", () => {
    const small = button.querySelector("img");
    picture.src = small.src;
    picture.alt = small.alt;
    large.showModal();
    width = large.querySelector(".scroll").clientWidth;
    resize(1);
  });
}
for (const button of large.querySelectorAll("[data-scale]")) {
  button.addEventListener("click", () => resize(Number(button.dataset.scale)));
}
large.addEventListener("wheel", (event) => {
  if (!event.ctrlKey) return;
  event.preventDefault();
  resize(event.deltaY < 0 ? 1.1 : 1 / 1.1);
}, { passive: false });
large.addEventListener("click", (event) => event.target === large && large.close());
