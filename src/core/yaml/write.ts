import { stringify } from "yaml";

const layout = { lineWidth: 0, aliasDuplicateObjects: false } as const;

/** An object as one YAML document, each value written out where it stands. */
export function yamlText(value: object): string {
  return stringify(value, layout);
}

/**
 * The same for a reader of YAML 1.1, as Kubernetes is: texts that it takes for something else, such as `yes`, are
 * quoted.
 */
export function yaml11Text(value: object): string {
  return stringify(value, { ...layout, version: "1.1" });
}
