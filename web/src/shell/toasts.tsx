/* Short words about what was just done. They go by themselves; what must be read is no toast. */
import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from "react";
import { createPortal } from "react-dom";
import { common } from "../i18n/common";
import { useT } from "../i18n";
import { Button, cx, Icon, ui } from "../ui";

interface Toast {
	id: number;
	text: string;
	bad: boolean;
}

const SHOWN_MS = 6000;
const Context = createContext<(text: string, bad?: boolean) => void>(() => undefined);
let lastId = 0;

export function ToastProvider({ children }: { children: ReactNode }) {
	const [toasts, setToasts] = useState<Toast[]>([]);
	const t = useT(common);
	const drop = useCallback((id: number) => setToasts((all) => all.filter((x) => x.id !== id)), []);
	const say = useCallback(
		(text: string, bad = false) => {
			const id = ++lastId;
			setToasts((all) => [...all.slice(-3), { id, text, bad }]);
			setTimeout(() => drop(id), SHOWN_MS);
		},
		[drop],
	);
	const value = useMemo(() => say, [say]);

	return (
		<Context value={value}>
			{children}
			{createPortal(
				<div className={ui.toasts} role="status" aria-live="polite">
					{toasts.map((x) => (
						<div key={x.id} className={cx(ui.notice, ui.toast, x.bad && ui.toastBad)}>
							<Icon name={x.bad ? "warning" : "check"} />
							<div>{x.text}</div>
							<Button
								kind="quiet"
								iconOnly
								onClick={() => drop(x.id)}
								aria-label={t("dismiss")}
							>
								<Icon name="cross" size={12} />
							</Button>
						</div>
					))}
				</div>,
				document.body,
			)}
		</Context>
	);
}

export function useToast(): (text: string, bad?: boolean) => void {
	return useContext(Context);
}
