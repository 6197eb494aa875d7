/** The cells of the rows of a section's tables, below their heads. The section ends at the next heading of its level. */
export function tableIn(page: string, title: string): readonly (readonly string[])[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  const heads = rows.flatMap((row, index) => (/^\|(?:-+\|)+$/.test(row) ? [index - 1, index] : []));
  return rows.filter((_row, index) => !heads.includes(index)).map(cellsOf);
}

/** A pipe that belongs to a cell is written `\|`. */
function cellsOf(row: string): readonly string[] {
  const cells = row.split(/(?<!\\)\|/).slice(1, -1);
  return cells.map((cell) => cell.trim().replaceAll('\\|', '|'));
}
