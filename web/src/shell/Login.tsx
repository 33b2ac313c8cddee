/*
 * A token becomes a cookie that scripts cannot read. What always holds: the token is sent once, to
 * our own host, and kept nowhere here.
 */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { api, ApiError } from "../api/client";
import { keys } from "../api/keys";
import { useT, type Messages } from "../i18n";
import { Button, Field, FormError, Icon, Notice, Panel } from "../ui";
import { Tools } from "./Frame";
import css from "./shell.module.css";

const messages = {
	title: ["Entrar", "Sign in"],
	token: ["Token de acesso", "Access token"],
	hint: [
		"Começa com rcd_. Quem administra o Recado cria um em Administração › Tokens, ou envia um link de entrada.",
		"It starts with rcd_. Whoever administers Recado makes one under Administration › Tokens, or sends a sign-in link.",
	],
	enter: ["Entrar", "Sign in"],
	entering: ["Entrando…", "Signing in…"],
	wrong: [
		"Este token não vale. Confira se copiou inteiro; ele pode ter sido revogado.",
		"This token is not valid. Check that you copied all of it; it may have been revoked.",
	],
	locked: [
		"Tentativas demais a partir deste endereço. Aguarde {n} segundos e tente de novo.",
		"Too many attempts from this address. Wait {n} seconds and try again.",
	],
} as const satisfies Messages;

export function Login() {
	const t = useT(messages);
	const cache = useQueryClient();
	const [token, setToken] = useState("");
	const enter = useMutation({
		mutationFn: () => api.post("/api/login", { body: { token: token.trim() } }),
		onSuccess: () => cache.resetQueries({ queryKey: keys.me }),
	});
	const submit = (e: SyntheticEvent) => {
		e.preventDefault();
		if (token.trim() !== "") enter.mutate();
	};
	const error = enter.error instanceof ApiError ? enter.error : null;
	return (
		<main className={css.login}>
			<div className={css.loginBox}>
				<div className={css.loginTools}>
					<div className={css.loginBrand}>
						<Icon name="chat" size={28} />
						Recado
					</div>
					<div>
						<Tools />
					</div>
				</div>
				<Panel label={t("title")}>
					<form onSubmit={submit} className={css.loginBox}>
						<h1>{t("title")}</h1>
						<Field label={t("token")} hint={t("hint")}>
							{(ids) => (
								<input
									{...ids}
									type="password"
									autoComplete="current-password"
									autoFocus
									required
									spellCheck={false}
									value={token}
									onChange={(e) => setToken(e.target.value)}
								/>
							)}
						</Field>
						{error?.status === 401 && (
							<Notice tone="red" role="alert">
								{t("wrong")}
							</Notice>
						)}
						{error?.status === 429 && (
							<Notice tone="amber" role="alert">
								{t("locked", { n: error.retryAfterSeconds ?? 60 })}
							</Notice>
						)}
						{error !== null && error.status !== 401 && error.status !== 429 && (
							<FormError error={error} />
						)}
						<Button
							kind="primary"
							type="submit"
							disabled={enter.isPending || token.trim() === ""}
						>
							{enter.isPending ? t("entering") : t("enter")}
						</Button>
					</form>
				</Panel>
			</div>
		</main>
	);
}
