package command

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	bootstrap "k8s.io/cluster-bootstrap/token/api"

	"shimyard.dev/lab/k3s/access"
	"shimyard.dev/lab/k3s/layout"
	"shimyard.dev/lab/k3s/server"
	"shimyard.dev/lab/k3s/settings"
	"shimyard.dev/lab/k3s/token"
)

const requestPatience = 20 * time.Second

// Token runs `k3s token`; see https://docs.k3s.io/cli/token.
func Token(arguments []string) error {
	if len(arguments) == 0 {
		return errors.New("k3s token needs one of: create, delete, generate, list, rotate")
	}
	name, rest := arguments[0], arguments[1:]
	options := flag.NewFlagSet("k3s token "+name, flag.ContinueOnError)
	kubeconfig := options.String("kubeconfig", settings.DefaultKubeconfig, "")
	data := options.String("data-dir", settings.DataDir(), "")
	lifetime := options.Duration("ttl", 24*time.Hour, "")
	description := options.String("description", "", "")
	usages := options.String("usages", "signing,authentication", "")
	groups := options.String("groups", bootstrap.BootstrapDefaultGroup, "")
	output := options.String("output", "text", "")
	options.StringVar(output, "o", "text", "")
	current := options.String("token", os.Getenv("K3S_TOKEN"), "")
	options.StringVar(current, "t", os.Getenv("K3S_TOKEN"), "")
	next := options.String("new-token", "", "")
	address := options.String("server", "https://127.0.0.1:6443", "")
	options.StringVar(address, "s", "https://127.0.0.1:6443", "")
	if err := options.Parse(rest); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestPatience)
	defer cancel()
	tokens := &tokens{ctx: ctx, layout: layout.Layout{Root: *data}}
	switch name {
	case "generate":
		id, secret := token.RandomBootstrap()
		fmt.Printf("%s.%s\n", id, secret)
		return nil
	case "rotate":
		return tokens.rotate(*address, *current, *next)
	}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return err
	}
	if tokens.kube, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	tokens.authority = config.CAData
	switch name {
	case "create":
		return tokens.create(options.Arg(0), *description, *usages, *groups, *lifetime)
	case "delete":
		return tokens.delete(options.Args())
	case "list", "ls":
		return tokens.list(*output)
	}
	return fmt.Errorf("No help topic for '%s'", name)
}

type tokens struct {
	ctx       context.Context
	layout    layout.Layout
	kube      kubernetes.Interface
	authority []byte
}

func (t *tokens) create(chosen, description, usages, groups string, lifetime time.Duration) error {
	id, secret := token.RandomBootstrap()
	if chosen != "" {
		parsed, err := token.Parse(chosen)
		if err != nil || !parsed.Bootstrap() {
			return errors.New("the bootstrap token is not of the form [a-z0-9]{6}.[a-z0-9]{16}")
		}
		id, secret = parsed.BootstrapID, parsed.BootstrapSecret
	}
	data := map[string]string{
		bootstrap.BootstrapTokenIDKey:          id,
		bootstrap.BootstrapTokenSecretKey:      secret,
		bootstrap.BootstrapTokenExtraGroupsKey: groups,
	}
	for _, usage := range strings.Split(usages, ",") {
		data[bootstrap.BootstrapTokenUsagePrefix+usage] = "true"
	}
	if lifetime > 0 {
		data[bootstrap.BootstrapTokenExpirationKey] = time.Now().Add(lifetime).UTC().Format(time.RFC3339)
	}
	if description != "" {
		data[bootstrap.BootstrapTokenDescriptionKey] = description
	}
	_, err := t.kube.CoreV1().Secrets(metav1.NamespaceSystem).Create(t.ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: bootstrap.BootstrapTokenSecretPrefix + id},
		Type:       corev1.SecretTypeBootstrapToken, StringData: data,
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	fmt.Println(token.FullBootstrap(t.authority, id, secret))
	return nil
}

func (t *tokens) delete(texts []string) error {
	if len(texts) == 0 {
		return errors.New("missing argument; 'token delete' is missing token")
	}
	for _, text := range texts {
		id := text
		if parsed, err := token.Parse(text); err == nil && parsed.Bootstrap() {
			id = parsed.BootstrapID
		}
		err := t.kube.CoreV1().Secrets(metav1.NamespaceSystem).Delete(t.ctx,
			bootstrap.BootstrapTokenSecretPrefix+id, metav1.DeleteOptions{})
		if err != nil {
			return fmt.Errorf("failed to delete bootstrap token %q: %w", id, err)
		}
		fmt.Printf("bootstrap token %q deleted\n", id)
	}
	return nil
}

func (t *tokens) list(output string) error {
	found, err := t.kube.CoreV1().Secrets(metav1.NamespaceSystem).List(t.ctx, metav1.ListOptions{
		FieldSelector: "type=" + string(corev1.SecretTypeBootstrapToken)})
	if err != nil {
		return err
	}
	if output == "json" {
		all := []map[string]string{}
		for _, each := range found.Items {
			all = append(all, map[string]string{
				"token":       string(each.Data[bootstrap.BootstrapTokenIDKey]),
				"expires":     string(each.Data[bootstrap.BootstrapTokenExpirationKey]),
				"description": string(each.Data[bootstrap.BootstrapTokenDescriptionKey])})
		}
		return json.NewEncoder(os.Stdout).Encode(all)
	}
	table := tabwriter.NewWriter(os.Stdout, 10, 4, 3, ' ', 0)
	fmt.Fprintln(table, "TOKEN\tTTL\tEXPIRES\tUSAGES\tDESCRIPTION")
	for _, each := range found.Items {
		fmt.Fprintln(table, tokenLine(&each))
	}
	return table.Flush()
}

func tokenLine(held *corev1.Secret) string {
	remaining, expires := "<forever>", "<never>"
	if at, err := time.Parse(time.RFC3339,
		string(held.Data[bootstrap.BootstrapTokenExpirationKey])); err == nil {
		expires = at.Format(time.RFC3339)
		if remaining = "<invalid>"; time.Until(at) > 0 {
			remaining = time.Until(at).Round(time.Second).String()
		}
	}
	var usages []string
	for _, usage := range []string{"authentication", "signing"} {
		if string(held.Data[bootstrap.BootstrapTokenUsagePrefix+usage]) == "true" {
			usages = append(usages, usage)
		}
	}
	return strings.Join([]string{string(held.Data[bootstrap.BootstrapTokenIDKey]), remaining, expires,
		strings.Join(usages, ","), string(held.Data[bootstrap.BootstrapTokenDescriptionKey])}, "\t")
}

// rotate has the server take another server token.
func (t *tokens) rotate(address, current, next string) error {
	if current == "" {
		content, err := os.ReadFile(t.layout.Server("token"))
		if err != nil {
			return errors.New("--token is required")
		}
		current = string(content)
	}
	if next == "" {
		next = token.Random(16)
		fmt.Println("New token:", next)
	}
	held, err := token.ParseAs(current, token.ServerUser)
	if err != nil {
		return err
	}
	client, err := access.Dial(t.ctx, address, held, nil)
	if err != nil {
		return err
	}
	body, err := json.Marshal(server.TokenRequest{NewToken: next})
	if err != nil {
		return err
	}
	if _, err := client.Put(t.ctx, "/v1-k3s/token", body); err != nil {
		return fmt.Errorf("see server log for details: %w", err)
	}
	fmt.Println("Token rotated, restart k3s nodes with new token")
	return nil
}
