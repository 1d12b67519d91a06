import { type Link, links } from "../base/index.ts";
import type { Story, StoryEvent, StoryLink, StoryRefusal } from "./story.ts";

/** How pieces of a line are painted; each may give its text back as it is. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

/** What a newcomer has to know to read a link's line. */
const meaning: Readonly<Record<Link, string>> = {
  cluster: "signs a token for each ServiceAccount",
  discovery: "says who the issuer is and where its keys are",
  jwks: "holds the public halves of the signing keys",
  dns: "the issuer's name leads to the publisher",
  tls: "a certificate proves that it is the publisher",
  reachability: "AWS can fetch both documents",
  provider: "AWS knows the issuer",
  trust: "AWS lets one ServiceAccount into one role",
  serviceaccount: "is who the workload is inside the cluster",
  injection: "gives the workload a token file and four variables",
  token: "says who it is, for whom it is meant and until when",
  sts: "AWS trades the token for credentials that live an hour",
  permission: "the role's policies say what they open",
};

const nameWidth = Math.max(...links.map((link) => link.length));

/** Breaks text at spaces so that no line is longer than `width`, each behind `indent`. */
export function wrap(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, indent + line];
}

function tellLink(link: StoryLink, paint: Paint, width: number): string[] {
  const mark = link.ok ? paint.green("✔") : paint.red("✖");
  const indent = " ".repeat(nameWidth + 6);
  const [first = "", ...rest] = wrap(meaning[link.name], width, indent);
  return [
    `  ${mark} ${paint.bold(link.name.padEnd(nameWidth))}  ${first.slice(indent.length)}`,
    ...rest,
    ...wrap(link.detail, width, indent).map((line) => paint.dim(line)),
  ];
}

function tellRefusal(refusal: StoryRefusal, paint: Paint, width: number): string[] {
  const [first = "", ...rest] = wrap(`refused: ${refusal.what}`, width, "    ");
  return [
    `  ${paint.green("✔")} ${paint.bold(first.trimStart())}`,
    ...rest.map((line) => paint.bold(line)),
    ...wrap(`${refusal.code}: ${refusal.message}`, width, "      ").map((line) => paint.yellow(line)),
    ...wrap(refusal.why, width, "      ").map((line) => paint.dim(line)),
  ];
}

function tellOpening(issuer: string, standIns: readonly string[], paint: Paint, width: number): string[] {
  return [
    ...wrap(`A cluster becomes an identity provider that AWS trusts, as ${issuer}`, width, ""),
    "",
    ...wrap("No account at AWS is touched. These are stand-ins, on this machine:", width, ""),
    ...standIns.flatMap((line) => wrap(`- ${line}`, width, "  ")).map((line) => paint.dim(line)),
    ...wrap("To keep it short, IAM spreads changes in one second and keys are cached for one.", width, ""),
  ];
}

function tellClosing(story: Story, paint: Paint, width: number): string[] {
  const turned = story.refusals.length;
  const sum = `One workload was let in, ${turned} were turned away, and no key was stored anywhere.`;
  const next =
    "podtrust demo --keep leaves it all running, --kubeconfig FILE tells it of a cluster of yours.";
  return [
    "",
    ...wrap(sum, width, "").map((line) => paint.bold(line)),
    ...wrap(`${story.seconds.toFixed(1)} s. ${next}`, width, "").map((line) => paint.dim(line)),
  ];
}

/** The lines of one event for a person, no longer than `width` where words allow it. */
export function tellEvent(event: StoryEvent, paint: Paint, width: number): readonly string[] {
  switch (event.kind) {
    case "opening":
      return tellOpening(event.issuer, event.standIns, paint, width);
    case "chapter":
      return ["", ...wrap(event.title, width, "").map((line) => paint.bold(line))];
    case "link":
      return tellLink(event.link, paint, width);
    case "waiting":
      return wrap(`… waiting up to ${event.seconds} s: ${event.reason}`, width, "    ").map((line) =>
        paint.dim(line),
      );
    case "refusal":
      return tellRefusal(event.refusal, paint, width);
    case "step":
      return wrap(event.text, width, "  ");
    case "not-shown":
      return wrap(`not shown: ${event.notShown.what}, since ${event.notShown.why}`, width, "  ");
    case "closing":
      return tellClosing(event.story, paint, width);
  }
}
