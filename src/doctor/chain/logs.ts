import { mapLimit } from "../../core/base/index.ts";
import { withoutSecrets } from "../index.ts";
import { knownWords, lookedAt, type TextLook, type WorkloadLook } from "../judge/index.ts";
import { look, type Looking, namesIn } from "./looking.ts";

const tailLines = 200;
const limitBytes = 256 * 1024;
const maxLines = 20;
const maxLine = 1000;

/** Of lines that others wrote what is kept: the words that doctor knows. */
export function keptLines(lines: readonly string[]): readonly string[] {
  return lines
    .map((line) => withoutSecrets(knownWords(line)).slice(0, maxLine))
    .filter((line) => line !== "");
}

/** Of the last lines of each container those that say something of the chain. Asked for only where a person agreed. */
export async function logTexts(
  { api, signal }: Looking,
  workloads: readonly WorkloadLook[],
): Promise<readonly TextLook[]> {
  const all = workloads.flatMap(({ pods }) =>
    (lookedAt(pods) ?? []).flatMap((pod) => pod.containers.map(({ name }) => ({ pod: pod.name, name }))),
  );
  const read = await mapLimit(all, async ({ pod, name: container }): Promise<readonly TextLook[]> => {
    const { namespace, name } = namesIn(pod);
    const options = { container, tailLines, limitBytes, signal };
    const log = await look(signal, () => api.podLog(namespace, name, options));
    const text = lookedAt(log)?.text ?? "";
    const lines = keptLines(text.split("\n")).slice(-maxLines);
    return lines.length === 0 ? [] : [{ from: `log of pod ${pod}, container ${container}`, pod, lines }];
  });
  return read.flat();
}
