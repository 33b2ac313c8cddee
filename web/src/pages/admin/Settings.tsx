/* The settings in force. What always holds: of a secret only whether it is set is known here. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import { useT } from "../../i18n";
import { Badge, cx, Empty, ErrorState, Panel, Skeleton, TableWrap, ui } from "../../ui";
import css from "./admin.module.css";
import { texts } from "./messages";

function Value({ value }: { value: string }) {
	const t = useT(texts);
	if (value === "set") return <Badge tone="green">{t("settings.set")}</Badge>;
	if (value === "unset") return <Badge tone="grey">{t("settings.unset")}</Badge>;
	if (value === "") return <span className={ui.muted}>{t("settings.empty")}</span>;
	return <code>{value}</code>;
}

export function Settings() {
	const t = useT(texts);
	const [words, setWords] = useState("");
	const settings = useQuery({
		queryKey: keys.settings,
		queryFn: async ({ signal }) => (await api.get("/api/settings", { signal })).settings,
	});
	const wanted = words
		.trim()
		.toUpperCase()
		.split(/[\s_]+/);
	const rows = Object.entries(settings.data ?? {}).filter(([name]) =>
		wanted.every((w) => name.includes(w)),
	);
	return (
		<Panel title={t("tab.configuracoes")}>
			<div className={ui.stack}>
				<p className={cx(ui.muted, ui.small)}>{t("settings.text")}</p>
				<input
					className={cx(ui.input, css.find)}
					type="search"
					aria-label={t("settings.find")}
					placeholder={t("settings.find")}
					value={words}
					onChange={(e) => setWords(e.target.value)}
				/>
				{settings.isPending && <Skeleton lines={8} />}
				{settings.isError && (
					<ErrorState error={settings.error} retry={() => void settings.refetch()} />
				)}
				{settings.isSuccess && rows.length === 0 && <Empty title={t("settings.none")} />}
				{rows.length > 0 && (
					<TableWrap label={t("tab.configuracoes")}>
						<table className={ui.table}>
							<thead>
								<tr>
									<th scope="col">{t("settings.name")}</th>
									<th scope="col">{t("settings.value")}</th>
								</tr>
							</thead>
							<tbody>
								{rows.map(([name, value]) => (
									<tr key={name}>
										<td>
											<code>{name}</code>
										</td>
										<td>
											<Value value={value} />
										</td>
									</tr>
								))}
							</tbody>
						</table>
					</TableWrap>
				)}
			</div>
		</Panel>
	);
}
