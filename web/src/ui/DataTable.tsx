/* A table of figures. What always holds: numbers stand right-aligned, under their heads. */
import { type ReactNode } from "react";
import { cx, TableWrap, ui } from ".";

export interface Column<Row> {
	head: ReactNode;
	cell: (row: Row) => ReactNode;
	/** It holds numbers. */
	num?: boolean;
	className?: string | undefined;
}

export function DataTable<Row>({
	rows,
	keyOf,
	columns,
	name,
}: {
	rows: readonly Row[];
	keyOf: (row: Row) => string;
	columns: readonly Column<Row>[];
	/** Of a table that may be long: it scrolls in itself, and the rest of the page stays within reach. */
	name?: string;
}) {
	const kind = (c: Column<Row>) => (c.num === true ? ui.num : c.className);
	const table = (
		<table className={ui.table}>
			<thead>
				<tr>
					{columns.map((c, i) => (
						<th key={i} scope="col" className={c.num === true ? ui.num : undefined}>
							{c.head}
						</th>
					))}
				</tr>
			</thead>
			<tbody>
				{rows.map((row) => (
					<tr key={keyOf(row)}>
						{columns.map((c, i) => (
							<td key={i} className={kind(c)}>
								{c.cell(row)}
							</td>
						))}
					</tr>
				))}
			</tbody>
		</table>
	);
	if (name === undefined) return <TableWrap>{table}</TableWrap>;
	return (
		<div className={cx(ui.tableWrap, ui.tall)} role="group" aria-label={name} tabIndex={0}>
			{table}
		</div>
	);
}
