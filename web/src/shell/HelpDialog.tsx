/* What the keys mean. */
import { common } from "../i18n/common";
import { useT } from "../i18n";
import { PAGE_KEYS } from "../lib/keyboard";
import { ui } from "../ui";
import { Dialog } from "../ui/dialog";
import css from "./shell.module.css";

const NAV: Record<string, keyof typeof common> = {
	conversas: "nav.inbox",
	whatsapp: "nav.whatsapp",
	importacoes: "nav.imports",
	avaliacoes: "nav.analysis",
	indicadores: "nav.kpis",
	webhooks: "nav.webhooks",
	administracao: "nav.admin",
};

export default function HelpDialog({ onClose }: { onClose: () => void }) {
	const t = useT(common);
	const rows: [string, string][] = [
		["/", t("help.search")],
		["j", t("help.next")],
		["k", t("help.previous")],
		["r", t("help.reply")],
		["?", t("help.help")],
		["Esc", t("help.close")],
		...Object.entries(PAGE_KEYS).map(([key, page]): [string, string] => [
			`g ${key}`,
			t("help.goto", { page: t(NAV[page] ?? "nav.inbox") }),
		]),
	];
	return (
		<Dialog open onClose={onClose} title={t("help")}>
			<dl className={ui.dl}>
				{rows.map(([key, what]) => (
					<div key={key} className={css.helpRow}>
						<dt>
							<kbd className={css.kbd}>{key}</kbd>
						</dt>
						<dd>{what}</dd>
					</div>
				))}
			</dl>
		</Dialog>
	);
}
