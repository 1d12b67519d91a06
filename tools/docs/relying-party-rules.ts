import { entraRules } from "../../src/rules/azure/index.ts";
import { exchangeRules, impersonationRules } from "../../src/rules/gcp/index.ts";
import type { VendorAnswer } from "../../src/rules/judge/index.ts";
import { loginRules } from "../../src/rules/openbao/index.ts";
import type { GeneratedPage } from "../docs.ts";
import { code, ruleBody, type ShownRule } from "./rules/section.ts";

/** A rule with the vendor's answers. */
interface VendorRule extends ShownRule {
  readonly answers: readonly VendorAnswer[];
}

/** A relying party's page. */
interface Subject {
  /** Folder of the rules and of their tests. */
  readonly folder: string;
  readonly heading: string;
  readonly introduction: string;
  readonly rules: readonly VendorRule[];
}

const answerRow = ({ when, code: word, number, status, text, evidence }: VendorAnswer): string =>
  `| ${when} | ${code(word)} ${status}${number === undefined ? "" : `, ${number}`} | ${code(text)} (${evidence}) |`;

function section(rule: VendorRule, index: number, folder: string): string {
  const answers = { head: "answer, HTTP", rows: rule.answers.map(answerRow) };
  return `### ${index + 1}. ${rule.name}\n\n${ruleBody(rule, answers, folder)}`;
}

function render({ folder, heading, introduction, rules }: Subject): string {
  const overview = rules.map(
    ({ name, title }, index) => `| ${index + 1} | [${name}](#${index + 1}-${name}) | ${title} |`,
  );
  return `# ${heading}

${introduction} \`podtrust explain --for ${folder}\` goes through this list, a test proves
every line of it, and this page is made from it (\`src/rules/${folder}/\`) by \`npm run docs\`. No one has asked the real
one for this page: how sure each rule and each text is stands beside it, in [the four words](sts-rules.md) of AWS's
page.

| | rule | asks for |
| --- | --- | --- |
${overview.join("\n")}

## The rules
${rules.map((rule, index) => section(rule, index, folder)).join("\n")}`;
}

const subjects: readonly Subject[] = [
  {
    folder: "gcp",
    heading: "The rules by which Google Cloud accepts a token",
    introduction:
      "Google's token exchange asks the first of these questions, and IAM Credentials the last two where a service account is\nimpersonated. The first that is not met answers. Google does not publish its order, and this one is ours.",
    rules: [...exchangeRules, ...impersonationRules],
  },
  {
    folder: "azure",
    heading: "The rules by which Azure accepts a token",
    introduction:
      "Entra asks these questions about a federated assertion, and answers with the first that is not met. It does not\npublish its order, and this one is ours. Callers match by the number, and never by the text, which changes.",
    rules: entraRules,
  },
  {
    folder: "openbao",
    heading: "The rules by which OpenBao accepts a token",
    introduction:
      "OpenBao's JWT auth method asks these questions about a login, in this order, and answers with the first that is not met.",
    rules: loginRules,
  },
];

const pages: readonly GeneratedPage[] = subjects.map((subject) => ({
  path: `docs/reference/${subject.folder}-rules.md`,
  render: () => render(subject),
}));
export default pages;
