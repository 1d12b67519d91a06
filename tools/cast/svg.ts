import { escapedXml } from "../xml.ts";
import type { Line, Run } from "./screen.ts";

/** What the picture is of. */
export interface Picture {
  readonly title: string;
  readonly description: string;
  /** Of the terminal. */
  readonly columns: number;
  readonly rows: number;
  /** The longest that it may run, in seconds; a session that took longer is shown faster as a whole. */
  readonly maxSeconds: number;
}

/** In pixels; the width of a character is what monospaced fonts have at this size. */
const [fontSize, cell, leading, padding] = [13, 7.82, 18, 14];

const style = `text{font:${fontSize}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d7dde5;white-space:pre}
.bold{font-weight:700}.dim{fill:#9aa4b2}.red{fill:#ff8a80}.green{fill:#6ddb8a}.yellow{fill:#f3d27a}.cyan{fill:#7fd6e8}`;

const pixels = (value: number): string => String(Number(value.toFixed(2)));

function runOf({ column, text, styles }: Run): string {
  const look = styles.length === 0 ? "" : ` class="${styles.join(" ")}"`;
  return `<tspan x="${pixels(column * cell)}"${look}>${escapedXml(text)}</tspan>`;
}

/** By how many lines the screen has scrolled when so many were printed. */
const scrolled = (lines: number, rows: number): number => Math.max(0, lines - rows);

/** A keyframe for each moment at which the screen scrolls; between two the screen stands still. */
function scrolling(times: readonly number[], rows: number, length: number): string {
  const steps = new Map<string, number>([["0", 0]]);
  for (const [index, at] of times.entries()) {
    const lines = scrolled(index + 1, rows);
    if (lines > 0) steps.set(((at / length) * 100).toFixed(2), lines);
  }
  return [...steps].map(([at, lines]) => `${at}%{transform:translateY(${-lines * leading}px)}`).join("");
}

/**
 * A session as an SVG that CSS alone moves: each line appears at its time, and the screen scrolls. Without motion
 * (`prefers-reduced-motion`, a renderer without animations) and at the end it is the last screen.
 */
export function svgOf(lines: readonly Line[], picture: Picture): string {
  const { columns, rows, maxSeconds } = picture;
  const took = lines.at(-1)?.at ?? 0;
  const factor = took > maxSeconds ? maxSeconds / took : 1;
  const times = lines.map(({ at }) => Math.max(0.01, at * factor));
  const length = times.at(-1) ?? 0.01;
  const [width, height] = [columns * cell, rows * leading];
  const end = -scrolled(lines.length, rows) * leading;
  const texts = lines.map(({ runs }, index) => {
    const y = index * leading + fontSize;
    return `<text y="${y}" style="animation-duration:${pixels(times[index] ?? 0)}s">${runs.map(runOf).join("")}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title description" viewBox="0 0 ${pixels(width + 2 * padding)} ${height + 2 * padding}" width="${pixels(width + 2 * padding)}" height="${height + 2 * padding}">
<title id="title">${escapedXml(picture.title)}</title>
<desc id="description">${escapedXml(picture.description)}</desc>
<style>
${style}
#screen{transform:translateY(${end}px)}
@keyframes wait{from,to{visibility:hidden}}
@keyframes scroll{${scrolling(times, rows, length)}}
@media (prefers-reduced-motion:no-preference){text{animation-name:wait}#screen{animation:scroll ${pixels(length)}s step-end}}
</style>
<rect width="100%" height="100%" rx="8" fill="#14171c"/>
<svg x="${padding}" y="${padding}" width="${pixels(width)}" height="${height}"><g id="screen">
${texts.join("\n")}
</g></svg>
</svg>
`;
}
