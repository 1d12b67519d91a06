/** Writes a diagram as SVG: real text, readable on a phone of 360 px, in a light and a dark scheme. */
import { escapedXml } from "../../xml.ts";
import type { Diagram, Step } from "./source.ts";

const width = 360;
const margin = 12;
const padding = 12;
const fontSize = 14;
/** Pixels from one line of a text to the next. */
export const lineHeight = 20;
const asideIndent = 36;
const arrowHeight = 30;
const gap = 8;

const style = [
  "text{font:14px system-ui,sans-serif;fill:#1f2328}",
  ".name{font-weight:600;fill:#3451b2}",
  ".ground{fill:#ffffff}",
  ".box{fill:#f6f6f7;stroke:#8a94a6}",
  ".aside{fill:none;stroke:#8a94a6;stroke-dasharray:4 3}",
  ".arrow{stroke:#59636e;fill:none;stroke-width:1.5}",
  "@media(prefers-color-scheme:dark){text{fill:#dfdfd6}.name{fill:#a8b1ff}.ground{fill:#1b1b1f}.box{fill:#202127}.arrow{stroke:#98989f}}",
].join("");

/** Pixels of a text, a little more than most fonts take: none of the reader's is measured here. */
export function widthOf(text: string): number {
  const wide = text.replaceAll(/[^A-Z_mw]/gu, "").length;
  return wide * 10 + (text.length - wide) * 7.2;
}

/** Words in lines of at most this many pixels; a longer word has a line of its own. */
export function wrapped(text: string, pixels: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && widthOf(`${line} ${word}`) <= pixels)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

interface Drawn {
  readonly height: number;
  readonly svg: string;
}

function textAt(x: number, y: number, text: string, name = false): string {
  return `<text x="${x}" y="${y}"${name ? ' class="name"' : ""}>${escapedXml(text)}</text>`;
}

function drawnBox({ kind, name, text }: Exclude<Step, { kind: "arrow" }>, top: number): Drawn {
  const left = margin + (kind === "aside" ? asideIndent : 0);
  const inner = width - margin - left - 2 * padding;
  const lines = wrapped(text, inner);
  const height = (lines.length + 1) * lineHeight + padding;
  const baseline = top + padding + fontSize - 2;
  const rows = lines.map((line, index) => textAt(left + padding, baseline + (index + 1) * lineHeight, line));
  const frame = `<rect class="${kind}" x="${left}" y="${top}" width="${width - margin - left}" height="${height}" rx="8"/>`;
  return {
    height: height + gap,
    svg: [frame, textAt(left + padding, baseline, name, true), ...rows].join("\n"),
  };
}

function drawnArrow(text: string, top: number): Drawn {
  const x = margin + 20;
  const lines = wrapped(text, width - x - 16 - margin);
  const height = Math.max(arrowHeight, lines.length * lineHeight + gap);
  const end = top + height - gap;
  const rows = lines.map((line, index) => textAt(x + 16, top + fontSize + index * lineHeight, line));
  const line = `<path class="arrow" d="M${x} ${top - gap + 2}V${end + 4}m-5 -6l5 6l5 -6"/>`;
  return { height: height + 2, svg: [line, ...rows].join("\n") };
}

/** What a picture shows, for who does not see it, and how high it is. */
interface Frame {
  readonly title: string;
  readonly description: string;
  readonly height: number;
}

/** A picture of 360 px as a file, with its ground and both schemes around what is drawn. */
export function pictureSvg({ title, description, height }: Frame, drawn: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description">
<title id="title">${escapedXml(title)}</title>
<desc id="description">${escapedXml(description)}</desc>
<style>${style}</style>
<rect class="ground" width="${width}" height="${height}" rx="12"/>
${drawn.join("\n")}
</svg>
`;
}

/** The picture as a file; its text is text, with title and description for who does not see it. */
export function diagramSvg({ title, description, steps }: Diagram): string {
  let top = margin;
  const parts: string[] = [];
  for (const step of steps) {
    const drawn = step.kind === "arrow" ? drawnArrow(step.text, top) : drawnBox(step, top);
    parts.push(drawn.svg);
    top += drawn.height;
  }
  return pictureSvg({ title, description, height: top - gap + margin }, parts);
}
