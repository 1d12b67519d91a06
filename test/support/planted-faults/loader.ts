/**
 * Loads the sandbox with one exact text of one of its files replaced: a rule broken on purpose, so that whoever holds
 * the stand-in to that rule has to notice. Each fault gets a copy of the sandbox's modules of its own; the files stay
 * as they are.
 */
import { registerHooks } from "node:module";

/** A rule of a stand-in, and how it is broken. */
export interface PlantedFault {
  /** The rule in words. */
  readonly rule: string;
  /** Below src/sandbox/. */
  readonly file: string;
  /** A text that stands once in the file. */
  readonly from: string;
  readonly to: string;
  /** The probe's step that has to fail, or one of several. */
  readonly step: string;
}

const sandbox = new URL("../../../src/sandbox/", import.meta.url).href;
const planted = new Map<string, { readonly fault: PlantedFault; done: boolean }>();

/** The number of the fault that a module belongs to. */
const faultOf = (url: string | undefined): string | undefined =>
  url === undefined ? undefined : (new URL(url).searchParams.get("fault") ?? undefined);

function changed(source: string, { file, from, to }: PlantedFault): string {
  const parts = source.split(from);
  if (parts.length !== 2)
    throw new Error(`${file} has ${parts.length - 1} places, not one, with the text: ${from}`);
  return parts.join(to);
}

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const number = faultOf(context.parentURL);
    return number === undefined || !found.url.startsWith(sandbox) || faultOf(found.url) !== undefined
      ? found
      : { ...found, url: `${found.url}?fault=${number}` };
  },
  load(url, context, next) {
    const loaded = next(url, context);
    const entry = planted.get(faultOf(url) ?? "");
    if (entry === undefined || url.split("?")[0] !== `${sandbox}${entry.fault.file}`) return loaded;
    entry.done = true;
    return { ...loaded, source: changed(Buffer.from(loaded.source as Uint8Array).toString(), entry.fault) };
  },
});

/**
 * A module of the sandbox, `cloudflare/cloudflare.ts`, with the fault in it or in what it imports. Throws where the fault's
 * text does not stand in its file exactly once, or the file is not loaded with it: what it imports by a call is not looked at.
 */
export async function withFault<Module>(module: string, fault: PlantedFault): Promise<Module> {
  const entry = { fault, done: false };
  const number = String(planted.size + 1);
  planted.set(number, entry);
  const loaded = (await import(`${sandbox}${module}?fault=${number}`)) as Module;
  if (!entry.done) throw new Error(`${module} does not load ${fault.file}`);
  return loaded;
}
