export type { Position, YamlBounds, YamlProblem } from "./bounds.ts";
export { readYaml, type YamlDocument } from "./read.ts";
export { yamlText } from "./write.ts";
