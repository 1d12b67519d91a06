import { type DoctorFinding, finding } from "../finding.ts";
import { type ChainFacts, lookedAt, type PodLook, type TextLook } from "./facts.ts";
import { saidOf, textRules } from "./text-rules.ts";

const maxShown = 300;

function judgeText(facts: ChainFacts, text: TextLook): readonly DoctorFinding[] {
  const said = saidOf(facts, text);
  return text.lines.flatMap((line): readonly DoctorFinding[] => {
    const rule = textRules.find(
      (one) => one.line.test(line) && (one.also?.test(line) ?? true) && (one.fits?.(said, line) ?? true),
    );
    if (rule === undefined) return [];
    const shown = line.trim().slice(0, maxShown);
    return [finding(rule.reason, { seen: `${text.from}: ${shown}${rule.proof?.(said, line) ?? ""}` })];
  });
}

/** How the kubelet says that it has not come to the containers yet: volumes are filled before. */
const starting = /^(?:ContainerCreating|PodInitializing)$/u;

/** Events of a pod that does not start. One that ran has got over them: they stay for an hour. */
function eventsOf(pod: PodLook): readonly TextLook[] {
  const { containers } = pod;
  const isStarting = containers.some(({ waiting = "" }) => starting.test(waiting));
  if (!isStarting || containers.some(({ restarts }) => restarts > 0)) return [];
  return pod.events.map(({ reason, message }) => ({
    from: `Event ${reason} of pod ${pod.name}`,
    pod: pod.name,
    lines: [message],
  }));
}

/** What errors, logs and Events of pods say of the cause, as far as the facts do not exclude it. */
export function judgeTexts(facts: ChainFacts): readonly DoctorFinding[] {
  const events = facts.workloads.flatMap(({ pods }) => (lookedAt(pods) ?? []).flatMap(eventsOf));
  return [...facts.texts, ...events].flatMap((text) => judgeText(facts, text));
}
