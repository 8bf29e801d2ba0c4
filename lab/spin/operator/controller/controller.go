// Package controller makes Deployments and Services of SpinApps, and keeps executors that are used.
package controller

import (
	"context"
	"fmt"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"shimyard.dev/lab/spin/objects"
)

const (
	finalizer = "core.spinkube.dev/finalizer"
	manager   = "spin-operator"
)

type applications struct{ client.Client }

type executors struct{ client.Client }

// Add adds both controllers.
func Add(to controllerruntime.Manager) error {
	err := controllerruntime.NewControllerManagedBy(to).
		For(kind("SpinApp")).Owns(&apps.Deployment{}).Owns(&core.Service{}).
		Complete(applications{to.GetClient()})
	if err != nil {
		return err
	}
	return controllerruntime.NewControllerManagedBy(to).
		For(kind("SpinAppExecutor")).Complete(executors{to.GetClient()})
}

func kind(name string) *unstructured.Unstructured {
	made := &unstructured.Unstructured{}
	made.SetGroupVersionKind(objects.Version.WithKind(name))
	return made
}

// Reconcile makes what an application needs, and tells in its status what has become of it.
func (c applications) Reconcile(
	ctx context.Context, request controllerruntime.Request,
) (controllerruntime.Result, error) {
	done := controllerruntime.Result{}
	app := kind("SpinApp")
	if err := c.Get(ctx, request.NamespacedName, app); err != nil {
		return done, client.IgnoreNotFound(err)
	}
	if app.GetDeletionTimestamp() != nil {
		return done, nil
	}
	var spec objects.Spec
	if err := objects.Of(app, &spec); err != nil {
		return done, err
	}
	found := kind("SpinAppExecutor")
	if err := c.Get(ctx, types.NamespacedName{Namespace: app.GetNamespace(), Name: spec.Executor}, found); err != nil {
		return done, err
	}
	var executor objects.Executor
	if err := objects.Of(found, &executor); err != nil {
		return done, err
	}
	if !executor.CreateDeployment {
		return done, fmt.Errorf("executor %s makes no Deployment, which this stand-in does not know", spec.Executor)
	}
	deployment, err := objects.Deployment(app, spec, executor)
	if err != nil {
		return done, err
	}
	for _, each := range []client.Object{deployment, objects.Service(app, spec)} {
		if err := c.apply(ctx, each); err != nil {
			return done, err
		}
	}
	return done, c.tell(ctx, app, spec)
}

// apply owns what is stated and nothing else: an autoscaler's number of pods stays.
func (c applications) apply(ctx context.Context, object client.Object) error {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return err
	}
	delete(fields, "status")
	made := client.ApplyConfigurationFromUnstructured(&unstructured.Unstructured{Object: fields})
	return c.Apply(ctx, made, client.ForceOwnership, client.FieldOwner(manager))
}

func (c applications) tell(ctx context.Context, app *unstructured.Unstructured, spec objects.Spec) error {
	var deployment apps.Deployment
	if err := c.Get(ctx, client.ObjectKeyFromObject(app), &deployment); err != nil {
		// The cache has not heard of it yet; its coming is the next turn's reason.
		return client.IgnoreNotFound(err)
	}
	conditions := []any{}
	for _, each := range deployment.Status.Conditions {
		if each.Type != apps.DeploymentAvailable && each.Type != apps.DeploymentProgressing {
			continue
		}
		conditions = append(conditions, map[string]any{
			"type": string(each.Type), "status": string(each.Status), "reason": each.Reason,
			"message": each.Message, "lastTransitionTime": each.LastTransitionTime.UTC().Format("2006-01-02T15:04:05Z"),
		})
	}
	app.Object["status"] = map[string]any{
		"activeScheduler": spec.Executor, "deploymentName": deployment.Name, "serviceName": app.GetName(),
		"readyReplicas": int64(deployment.Status.ReadyReplicas), "conditions": conditions,
	}
	err := c.Status().Update(ctx, app)
	if errors.IsConflict(err) {
		// A newer one is on its way here.
		return nil
	}
	return err
}

// Reconcile lets an executor go only when no application names it any more.
func (c executors) Reconcile(
	ctx context.Context, request controllerruntime.Request,
) (controllerruntime.Result, error) {
	done := controllerruntime.Result{}
	executor := kind("SpinAppExecutor")
	if err := c.Get(ctx, request.NamespacedName, executor); err != nil {
		return done, client.IgnoreNotFound(err)
	}
	if executor.GetDeletionTimestamp() == nil {
		if !controllerutil.AddFinalizer(executor, finalizer) {
			return done, nil
		}
		return done, c.Update(ctx, executor)
	}
	users := &unstructured.UnstructuredList{}
	users.SetGroupVersionKind(objects.Version.WithKind("SpinAppList"))
	if err := c.List(ctx, users, client.InNamespace(executor.GetNamespace())); err != nil {
		return done, err
	}
	for _, each := range users.Items {
		if name, _, _ := unstructured.NestedString(each.Object, "spec", "executor"); name == executor.GetName() {
			return done, fmt.Errorf("executor %s is in use by SpinApp %s", name, each.GetName())
		}
	}
	controllerutil.RemoveFinalizer(executor, finalizer)
	return done, client.IgnoreNotFound(c.Update(ctx, executor))
}
