import { publisherObjects, type PublisherWish } from "../../src/publisher/index.ts";
import { yamlText } from "../../src/yaml/index.ts";

/** Texts that stand in the objects for what Helm fills in; each is a name that Kubernetes would take. */
const marks = {
  namespace: "zz-namespace",
  name: "zz-name",
  image: "zz-image",
  config: "zz-config",
  acmeCa: "zz-acme-ca",
  acmeFallbackCa: "zz-acme-fallback-ca",
  environmentSecret: "zz-environment",
  certificateSecret: "zz-certificate",
} as const;
const numbers = { replicas: 98_765, apiServerPort: 98_766 } as const;

/** What decides the shape of an object, and not only a value in it. */
const choices = {
  expose: ["load-balancer", "node-port", "host-port"],
  way: ["https-and-http", "https", "s3"],
  certificateSecret: [marks.certificateSecret, ""],
} as const;
type Choice = keyof typeof choices;
type Chosen = Readonly<Record<Choice, string>>;

interface Manifest {
  readonly kind: string;
}

const all: readonly Chosen[] = choices.expose.flatMap((expose) =>
  choices.way.flatMap((way) =>
    choices.certificateSecret.map((certificateSecret) => ({ expose, way, certificateSecret })),
  ),
);

/** Objects by kind; Helm makes no namespace for a release: it is there before. */
function objectsOf(chosen: Chosen): ReadonlyMap<string, string> {
  const wish = { ...marks, ...numbers, ...chosen } as PublisherWish;
  const objects = publisherObjects(wish) as readonly Manifest[];
  return new Map(objects.filter(({ kind }) => kind !== "Namespace").map((one) => [one.kind, yamlText(one)]));
}

const digest = /(podtrust\.io\/config-digest: )[0-9a-f]{64}/gu;

/** A text of the objects as a template. */
function templateOf(text: string): string {
  let template = text.replaceAll(
    digest,
    '$1{{ printf "%s%s%s" .Values.config .Values.acmeCa .Values.acmeFallbackCa | sha256sum }}',
  );
  for (const [key, value] of Object.entries(numbers))
    template = template.replaceAll(String(value), `{{ .Values.${key} | int }}`);
  // The longest first: one mark may begin another.
  for (const [key, mark] of Object.entries(marks).sort(([, a], [, b]) => b.length - a.length))
    template = template.replaceAll(
      new RegExp(`${mark}$|${mark}(?=-)`, "gmu"),
      `{{ .Values.${key} | toJson }}`,
    );
  return template;
}

const conditionOf = (key: Choice, value: string): string => {
  if (key !== "certificateSecret") return `(eq .Values.${key} "${value}")`;
  return value === "" ? "(not .Values.certificateSecret)" : '(ne .Values.certificateSecret "")';
};

/** One object of all shapes that it can have, told apart by what decides them and by nothing else. */
function chain(kind: string, shapes: readonly { chosen: Chosen; text: string | undefined }[]): string {
  const matters = (Object.keys(choices) as Choice[]).filter((key) =>
    shapes.some(({ chosen, text }) =>
      shapes.some(
        (other) =>
          other.text !== text &&
          (Object.keys(choices) as Choice[]).every((one) => one === key || other.chosen[one] === chosen[one]),
      ),
    ),
  );
  const byText = new Map<string, Set<string>>();
  for (const { chosen, text } of shapes) {
    if (text === undefined) continue;
    const conditions = byText.get(text) ?? new Set<string>();
    byText.set(
      text,
      conditions.add(`(and true ${matters.map((key) => conditionOf(key, chosen[key])).join(" ")})`),
    );
  }
  const parts = [...byText].map(([text, conditions]) => {
    const template = `---\n${templateOf(text)}`;
    return matters.length === 0
      ? template
      : `{{- if or ${[...conditions].join(" ")} }}\n${template}{{- end }}\n`;
  });
  return `{{- /* ${kind} */}}\n${parts.join("")}`;
}

/**
 * The chart's template of the publisher, made of what `podtrust manifests publisher` prints: whatever that is changed to,
 * the chart follows.
 */
export function publisherTemplate(): string {
  const every = all.map((chosen) => ({ chosen, objects: objectsOf(chosen) }));
  const kinds = [...new Set(every.flatMap(({ objects }) => [...objects.keys()]))];
  const head = [
    "{{- /* Made by npm run chart of src/publisher/manifests/; edit that. */}}",
    "{{- if ne .Release.Namespace .Values.namespace }}",
    '{{- fail (printf "the values are for the namespace %s: give helm --namespace %s" .Values.namespace .Values.namespace) }}',
    "{{- end }}",
    ...["image", "config"].map(
      (key) =>
        `{{- $_ := required "${key} is empty: podtrust manifests publisher --values prints it" .Values.${key} }}`,
    ),
    "",
  ].join("\n");
  const chains = kinds.map((kind) =>
    chain(
      kind,
      every.map(({ chosen, objects }) => ({ chosen, text: objects.get(kind) })),
    ),
  );
  return head + chains.join("");
}
