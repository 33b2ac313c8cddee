/* A table of figures. What always holds: numbers stand right-aligned, under their heads. */
import { type ReactNode } from "react";
import { ui } from ".";

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
}: {
	rows: readonly Row[];
	keyOf: (row: Row) => string;
	columns: readonly Column<Row>[];
}) {
	const kind = (c: Column<Row>) => (c.num === true ? ui.num : c.className);
	return (
		<div className={ui.tableWrap}>
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
		</div>
	);
}
