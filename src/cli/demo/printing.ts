import { type Link, links } from "../../core/base/index.ts";
import type { DemoReport, DemoEvent, DemoLinkReport, RefusalReport } from "../../demo/index.ts";
import { bold, dim, green, type Output, red, rich, yellow } from "../../core/terminal/index.ts";

/** What a newcomer has to know to read a link's line. */
const meaning: Readonly<Record<Link, string>> = {
  cluster: "signs a token for each ServiceAccount",
  discovery: "says who the issuer is and where its keys are",
  jwks: "holds the public halves of the signing keys",
  dns: "the issuer's name resolves to the publisher",
  tls: "a certificate proves that it is the publisher",
  reachability: "AWS can fetch both documents",
  provider: "AWS knows the issuer",
  trust: "AWS authorizes one ServiceAccount for one role",
  serviceaccount: "is who the workload is inside the cluster",
  injection: "gives the workload a token file and the SDK's variables",
  token: "names its subject, its audience and its expiry",
  sts: "AWS trades the token for credentials that live an hour",
  permission: "the role's policies say what they open",
};

const nameWidth = Math.max(...links.map((link) => link.length));

function printLink({ line }: Output, link: DemoLinkReport): void {
  const mark = link.ok ? green("✔") : red("✖");
  const hang = nameWidth + 6;
  line(rich`  ${mark} ${bold(link.name.padEnd(nameWidth))}  ${meaning[link.name]}`, hang);
  line(dim(" ".repeat(hang) + link.detail), hang);
}

function printRefusal({ line }: Output, refusal: RefusalReport): void {
  line(rich`  ${green("✔")} ${bold(`denied: ${refusal.what}`)}`, 4);
  line(yellow(`      ${refusal.code}: ${refusal.message}`), 6);
  line(dim(`      ${refusal.why}`), 6);
}

function printStart(
  { line }: Output,
  { issuer, standIns, shortened }: DemoEvent & { readonly kind: "started" },
): void {
  line(`A Kubernetes cluster becomes an OIDC identity provider that AWS trusts, as ${issuer}`, 0);
  line();
  line("No AWS account is touched. These are stand-ins, on this machine:", 0);
  for (const one of standIns) line(dim(`  - ${one}`), 4);
  line(`To keep it short, ${shortened.join(", and ")}.`, 0);
}

/** What follows a demo, for the given options. */
export interface EndOptions {
  readonly keep?: boolean;
  readonly fromNothing?: boolean;
}

/** Clouds of `--from-nothing` are taken down before its end, and what `--keep` keeps is printed after it. */
function nextText({ keep, fromNothing }: EndOptions): string {
  if (keep === true)
    return fromNothing === true ? " The stand-ins for the clouds are gone; all else runs on." : "";
  const cluster = "--kubeconfig FILE runs it with a cluster of yours.";
  return fromNothing === true
    ? ` podtrust demo --keep leaves all but the clouds running; ${cluster}`
    : ` podtrust demo --keep leaves it all running; ${cluster}`;
}

function printEnd({ line }: Output, report: DemoReport, options: EndOptions): void {
  const denied = report.refusals.length;
  line();
  line(
    bold(`One workload got credentials, ${denied} attempts were denied, and no key was stored anywhere.`),
    0,
  );
  line(dim(`${report.seconds.toFixed(1)} s.${nextText(options)}`), 0);
}

/** Prints one event for a person. */
export function printEvent(output: Output, event: DemoEvent, options: EndOptions = {}): void {
  switch (event.kind) {
    case "started":
      printStart(output, event);
      break;
    case "heading":
      output.line();
      output.line(bold(event.title), 0);
      break;
    case "link":
      printLink(output, event.link);
      break;
    case "waiting":
      output.line(dim(`    … waiting up to ${event.seconds} s: ${event.reason}`), 6);
      break;
    case "refusal":
      printRefusal(output, event.refusal);
      break;
    case "step":
      output.line(`  ${event.text}`, 2);
      break;
    case "not-shown":
      output.line(`  not shown: ${event.notShown.what}, since ${event.notShown.why}`, 2);
      break;
    case "finished":
      printEnd(output, event.report, options);
      break;
  }
}
