/** Which files have functions that run, as V8 counts their calls. */
import { Session } from "node:inspector/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** Runs `work`, and gives the files below a folder of the project of which functions ran meanwhile, in alphabetical order. */
export async function filesRunIn(folder: string, work: () => Promise<unknown>): Promise<readonly string[]> {
  const start = pathToFileURL(`${resolve(folder)}/`).href;
  const session = new Session();
  session.connect();
  try {
    await session.post("Profiler.enable");
    await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
    // What ran until now does not count.
    await session.post("Profiler.takePreciseCoverage");
    await work();
    const { result } = await session.post("Profiler.takePreciseCoverage");
    // What begins with the file is the file itself, as it is loaded.
    const ran = result.filter(({ functions }) =>
      functions.some(({ ranges: [whole] }) => (whole?.startOffset ?? 0) > 0 && (whole?.count ?? 0) > 0),
    );
    const files = ran.map(({ url }) => url).filter((url) => url.startsWith(start));
    return files.map((url) => url.slice(start.length)).toSorted();
  } finally {
    session.disconnect();
  }
}
