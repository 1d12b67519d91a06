import { lineHeight, pictureSvg, wrapped } from "../../tools/docs/diagrams/svg.ts";
import { escapedXml } from "../../tools/xml.ts";

/** What a bench has measured, as JSON beside its page: the plot is drawn from this and nothing else. */
export interface Figures {
  readonly title: string;
  /** What the axis shows. */
  readonly axis: string;
  readonly unit: string;
  /** The day, as 2026-11-26. */
  readonly date: string;
  readonly machine: string;
  /** Each with its spread. */
  readonly bars: readonly Bar[];
}

/** A page of benchmarks, and what the plot that it shows is drawn from. */
export interface PlottedPage {
  readonly text: string;
  readonly figures: Figures;
}

export interface Bar {
  readonly name: string;
  readonly least: number;
  readonly median: number;
  readonly most: number;
}

/** The bar of what was measured, in any order. */
export function barOf(name: string, measured: readonly number[]): Bar {
  const sorted = measured.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN;
  return { name, least: at(0), median: at(0.5), most: at(1) };
}

/** The line of a page that shows its plot. */
export const plotLine = (part: string, shown: string): string =>
  `![${shown}](../../images/benchmarks/${part}.svg)`;

const left = 12;
const length = 336;
/** Bold letters are wider than `wrapped` takes them to be. */
const nameLength = length / 1.15;
/** Of a bar with its values, below its name. */
const barHeight = 36;
const gap = 12;

/** Decades around all values: the axis is logarithmic, since commands take from a tenth of a second to ten. */
function decades(bars: readonly Bar[]): readonly [first: number, last: number] {
  const least = Math.min(...bars.map((bar) => bar.least));
  const most = Math.max(...bars.map((bar) => bar.most));
  return [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))];
}

const rounded = (value: number): string => String(Math.round(value));

/** A value as it is read: less than ten with a tenth. */
const valueText = (value: number): string => (value < 10 ? value.toFixed(1) : rounded(value));

/** A text in as many lines as it needs, the first at this height. */
const textLines = (lines: readonly string[], y: number, attribute = ""): readonly string[] =>
  lines.map(
    (line, index) => `<text${attribute} x="${left}" y="${y + index * lineHeight}">${escapedXml(line)}</text>`,
  );

/** A bar to the median, and a line from the least to the most; below that, where the next begins. */
function drawnBar(
  bar: Bar,
  top: number,
  place: (value: number) => number,
  unit: string,
): { readonly svg: string; readonly end: number } {
  const { name, least, median, most } = bar;
  const names = wrapped(name, nameLength);
  const below = top + names.length * lineHeight;
  const middle = below + 12;
  const values = `${valueText(median)} ${unit} (${valueText(least)} to ${valueText(most)})`;
  const svg = [
    ...textLines(names, top + 14, ' class="name"'),
    `<rect class="box" x="${left}" y="${middle - 8}" width="${rounded(place(median) - left)}" height="16"/>`,
    `<path class="arrow" d="M${rounded(place(least))} ${middle}H${rounded(place(most))}m0 -5v10M${rounded(place(least))} ${middle - 5}v10"/>`,
    ...textLines([values], below + 34),
  ].join("\n");
  return { svg, end: below + barHeight + gap };
}

/** The plot of a bench: median and spread of each, on one logarithmic axis. */
export function plotSvg({ title, axis, unit, date, machine, bars }: Figures): string {
  const [first, last] = decades(bars);
  const place = (value: number): number =>
    left + (length * (Math.log10(value) - first)) / Math.max(1, last - first);
  const head = wrapped(`${axis}, ${unit}, logarithmic: 10^${first} to 10^${last}`, length);
  const drawn: string[] = [...textLines(head, 26)];
  let foot = 20 + head.length * lineHeight;
  for (const bar of bars) {
    const { svg, end } = drawnBar(bar, foot, place, unit);
    drawn.push(svg);
    foot = end;
  }
  drawn.push(...textLines([`measured ${date}`], foot + 14));
  const spread = bars.map(({ name, median }) => `${name} ${valueText(median)} ${unit}`).join(", ");
  const description = `${axis} in ${unit}, median and spread, measured ${date} on ${machine}: ${spread}.`;
  return pictureSvg({ title, description, height: foot + 26 }, drawn);
}
