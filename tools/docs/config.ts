import { configJsonSchema } from "../../src/config/index.ts";
import type { GeneratedPage } from "../docs.ts";

/** As much of JSON Schema as our own export uses. */
interface Schema {
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

interface Section {
  readonly path: string;
  readonly schema: Schema;
}

const cell = (text: string): string => text.replaceAll("|", String.raw`\|`);

/** The sections below a key: of an object, of a list's items, of each alternative. */
function below(path: string, schema: Schema): readonly Section[] {
  if (schema.items !== undefined) return below(`${path}[]`, schema.items);
  if (schema.properties !== undefined) return [{ path, schema }, ...children(path, schema)];
  return (schema.anyOf ?? []).flatMap((one) => below(path, one));
}

function children(path: string, schema: Schema): readonly Section[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) =>
    below(path === "" ? key : `${path}.${key}`, inner),
  );
}

function row(key: string, schema: Schema, required: boolean): string {
  const example = schema.examples?.[0];
  const shown = example === undefined ? "" : ` Example: \`${cell(JSON.stringify(example))}\`.`;
  return `| \`${key}\` | ${required ? "yes" : ""} | ${cell(schema.description ?? "")}${shown} |`;
}

function formText(schema: Schema): string {
  const rows = Object.entries(schema.properties ?? {}).map(([key, inner]) =>
    row(key, inner, schema.required?.includes(key) === true),
  );
  return `${schema.description ?? ""}\n\n| Key | Required | |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
}

/** One heading for each path, with all the forms that it may take. */
function sectionTexts(sections: readonly Section[]): readonly string[] {
  const paths = [...new Set(sections.map(({ path }) => path))];
  return paths.map((path) => {
    const forms = sections.filter((section) => section.path === path);
    const several = forms.length === 1 ? "" : `One of ${forms.length} forms.\n\n`;
    const title = path === "" ? "## The file" : `## ${path}`;
    return `${title}\n\n${several}${forms.map(({ schema }) => formText(schema)).join("\n")}`;
  });
}

const schema = (await configJsonSchema()) as Schema;

function render(): string {
  const sections = [{ path: "", schema }, ...children("", schema)];
  return `# The config file

One YAML file per stack, \`podtrust.yaml\`. File names in it are relative to its own folder; \`~/\` is the home
directory. No secret ever stands in it: what looks like one is refused. Every mistake is reported at once, each with
its key, its line, the value, what is accepted, and the nearest valid spelling.

Editors that know JSON Schema complete and check it with [podtrust.schema.json](podtrust.schema.json). Put that file beside
yours, and let this be the first line: \`# yaml-language-server: $schema=podtrust.schema.json\`.

\`\`\`yaml
stack: prod
issuer: https://oidc.example.com
cluster: {kubeconfig: ~/.kube/config, context: prod}
publisher:
  source: {kubeconfig: publisher.kubeconfig}
  keyRetention: 24h
  https: {listen: ["[::]:443"], http: ["[::]:80"], acme: {email: ops@example.com}}
aws:
  - account: "111122223333"
    region: eu-central-1
    audiences: [sts.amazonaws.com]
    roles:
      - name: demo
        serviceAccounts: [aws-test/demo-service-account]
        policies: [arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess]
\`\`\`

This page is made from \`src/config/\` by \`npm run docs\`.

${sectionTexts(sections).join("\n")}`;
}

const page: GeneratedPage = { path: "docs/reference/config.md", render };
export default page;
