import { basename } from 'node:path';

/** Front matter that the festival methodology gives each of its documents, also behind that of a template. */
const FRONT_MATTER = /^\uFEFF?\s*---[ \t]*\r?\n[\s\S]*?^fest_[a-z_]+[ \t]*:/m;
/** Keys of a festival's own configuration; a plan has none of them. */
const FESTIVAL_KEYS = /^(fest_[a-z_]+|quality_gates|metadata|excluded_patterns|phases|festival)[ \t]*:/m;
const PLAN_KEYS = /^["']?sequences["']?[ \t]*:/m;

/** What to do about a file that belongs to a festival and was taken for a plan; undefined for any other. */
export function festivalHint(path: string, text: string): string | undefined {
  const name = basename(path);
  const isMarkdown = /\.(md|markdown)$/i.test(name);
  const isConfiguration = /^fest\.ya?ml$/i.test(name) || (FESTIVAL_KEYS.test(text) && !PLAN_KEYS.test(text));
  if (!isMarkdown && !isConfiguration && !FRONT_MATTER.test(text)) return undefined;
  if (isMarkdown && !FRONT_MATTER.test(text)) {
    return 'this is a Markdown document, not a plan; if it belongs to a festival, turn that into a plan with "coordinator import <directory> --out plan.yaml"';
  }
  return 'this is a document of a festival, not a plan; turn the festival into one with "coordinator import <directory> --out plan.yaml"';
}
