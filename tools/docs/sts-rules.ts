import {
  type AwsMessage,
  type IamRule,
  iamRules,
  messageProfiles,
  type StsRule,
  stsRules,
} from "../../src/rules/trust/index.ts";
import type { Evidence } from "../../src/rules/judge/index.ts";
import type { GeneratedPage } from "../docs.ts";
import { code, ruleBody, type ShownRule } from "./rules/section.ts";

const marks: Readonly<Record<Evidence, string>> = {
  documented: "AWS says so: in its API model, its guides or on re:Post.",
  observed: "Seen on real AWS by a third party that published requests and answers.",
  reported: "Reported by users of AWS, or done so by another emulator that says it mirrors AWS.",
  inferred: "Our conclusion from the rest; the least certain.",
};

function textCell(answer: AwsMessage): string {
  const { legacy, "2026": current } = answer.texts;
  if (legacy === current && answer.evidence.legacy === answer.evidence["2026"]) {
    return `${code(current)} (${answer.evidence["2026"]})`;
  }
  return messageProfiles
    .map((profile) => `${profile}: ${code(answer.texts[profile])} (${answer.evidence[profile]})`)
    .join("<br>");
}

function answerRow(answer: AwsMessage): string {
  return `| ${answer.when} | ${code(answer.code)} ${answer.status} | ${textCell(answer)} |`;
}

function body(rule: ShownRule, answers: readonly AwsMessage[], folder: string): string {
  return ruleBody(rule, { head: "code, HTTP", rows: answers.map(answerRow) }, folder);
}

function section(rule: StsRule, index: number): string {
  return `### ${index + 1}. ${rule.name}\n\n${body(rule, rule.answers, "sts")}`;
}

function iamSection(rule: IamRule): string {
  return `### ${rule.name}\n\n${body(rule, [rule.answer], "iam")}`;
}

function anchor(rule: StsRule, index: number): string {
  return `#${index + 1}-${rule.name}`;
}

/** The page of rules, made from the list that the sandbox's STS and `podtrust explain` ask. */
export function renderStsRules(): string {
  const overview = stsRules.map(
    (rule, index) => `| ${index + 1} | [${rule.name}](${anchor(rule, index)}) | ${rule.title} |`,
  );
  return `# The rules by which STS accepts a token

AssumeRoleWithWebIdentity asks these ${stsRules.length} questions about a call, in this order, and answers with the first that is
not met. The sandbox's STS asks this list, \`podtrust explain\` goes through it, a test proves every line of it, and
this page is made from it (\`src/rules/trust/sts/rules/\`) by \`npm run docs\`.

AWS does not publish its list. What is known of each rule and of each text is marked:

| mark | meaning |
| --- | --- |
${Object.entries(marks)
  .map(([mark, meaning]) => `| *${mark}* | ${meaning} |`)
  .join("\n")}

Of the order it is known that parameters come first, that the issuer is looked up in the account of the role, and that
the trust policy comes after the token; the rest of the order is inferred.

AWS has changed some of its texts. *legacy* is what it answered until about 2025, *2026* what it answers now; the
sandbox speaks either (\`--message-profile\`). In texts, \`<…>\` stands for a value; double spaces and missing full stops
are AWS's.

| | rule | asks for |
| --- | --- | --- |
${overview.join("\n")}

## Once every rule accepts
The session is of the role for DurationSeconds (3600 unless given), however soon the token expires. In the answer,
\`Provider\` is the ARN of the OIDC provider, \`Audience\` is \`azp\` or else the audience, and \`PackedPolicySize\` is there
also without session policies. The same token is accepted again as often as it is shown.

## The rules
${stsRules.map(section).join("\n")}
## What IAM refuses to keep
Asked when a role is made or its trust policy is changed, and never of a role that stands.

${iamRules.map(iamSection).join("\n")}`;
}

const page: GeneratedPage = { path: "docs/reference/sts-rules.md", render: renderStsRules };
export default page;
