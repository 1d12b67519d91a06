import { configSettings, defaultProfile, sourceProfile } from "../config-file.ts";
import { enclosed, indented, literal } from "./cel.ts";
import type { Parameters } from "./parameters.ts";

const line = (setting: string, value: string): string => `${literal(`${setting} = `)} + ${value} + "\\n"`;

/** A section of the config file, as `configText` writes it. */
function section(name: string, role: string, assumed: string): string {
  const head = `(${name} == ${literal(defaultProfile)} ? "[default]\\n" : "[profile " + ${name} + "]\\n")`;
  const shared = [
    ["session", `variables.session != "" && variables.session != "pod"`, "variables.session"],
    ["region", `variables.region != ""`, "variables.region"],
    ["sts", "variables.regional", literal("regional")],
  ] as const;
  const more = shared.map(
    ([setting, condition, value]) => `(${condition} ? ${line(configSettings[setting], value)} : "")`,
  );
  return [head, line(configSettings.role, role), assumed, ...more].join("\n+ ");
}

/** The AWS config file of a pod with several roles, letter for letter that of `configText`; else an empty text. */
export function configExpression({ role }: Parameters): string {
  const source = `(variables.chainsDefault ? ${literal(sourceProfile)} : ${literal(defaultProfile)})`;
  const byToken = line(configSettings.tokenFile, "variables.configToken");
  const byRole = line(configSettings.source, source);
  const chained = `${role("chain", "name")}.split(" ")`;
  const external = `(size(${chained}) > 1 ? ${line(configSettings.externalId, `${chained}[1]`)} : "")`;
  const each = (list: string, text: string): string =>
    `variables.${list}.map(name,${indented(`\n${text}`)}\n)`;
  const sections = [
    enclosed("[", [section(source, "variables.role", byToken)], "]"),
    each("profileGood", section("name", role("profile", "name"), byToken)),
    each("chainGood", section("name", `${chained}[0]`, `${byRole}\n+ ${external}`)),
  ];
  return `variables.hasProfiles ? (${indented(`\n${sections.join("\n+ ")}`)}\n).join("\\n") : ""`;
}
