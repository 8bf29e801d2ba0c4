package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/robfig/cron/v3"

	"shimyard.dev/lab/k3s/datastore"
	"shimyard.dev/lab/k3s/logline"
)

// snapshotSettings are the settings of the snapshots that are taken by the clock.
type snapshotSettings struct {
	folder, name, schedule string
	keep                   int
	disabled               bool
}

// SnapshotRequest asks for one operation on this server's snapshots, as K3s's /db/snapshot does.
type SnapshotRequest struct {
	Operation string   `json:"operation"`
	Names     []string `json:"name,omitempty"`
	Folder    string   `json:"dir,omitempty"`
	Keep      int      `json:"retention,omitempty"`
}

// SnapshotAnswer is what was made, found or deleted.
type SnapshotAnswer struct {
	Created []string             `json:"created,omitempty"`
	Deleted []string             `json:"deleted,omitempty"`
	Found   []datastore.Snapshot `json:"found,omitempty"`
}

func (s *supervisor) snapshot(answer http.ResponseWriter, request *http.Request) error {
	var asked SnapshotRequest
	if err := json.NewDecoder(request.Body).Decode(&asked); err != nil {
		return &statusError{http.StatusBadRequest, err}
	}
	store := s.store.Load()
	if store == nil || !store.Cluster {
		return &statusError{http.StatusBadRequest, errors.New("etcd datastore disabled")}
	}
	folder, name := s.snapshots.folder, s.snapshots.name
	if asked.Folder != "" {
		folder = asked.Folder
	}
	if len(asked.Names) > 0 {
		name = asked.Names[0]
	}
	var done SnapshotAnswer
	var err error
	switch asked.Operation {
	case "save":
		var saved datastore.Snapshot
		if saved, err = store.Save(request.Context(), folder, name); err == nil {
			done.Created = []string{saved.Name}
		}
	case "list":
		done.Found, err = datastore.Snapshots(folder)
	case "delete":
		done.Deleted, err = datastore.DeleteSnapshots(folder, asked.Names)
	case "prune":
		done.Deleted, err = datastore.Prune(folder, name, s.node, asked.Keep)
	default:
		err = &statusError{http.StatusBadRequest, errors.New("invalid operation: " + asked.Operation)}
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(answer).Encode(done)
}

// takeSnapshots takes and prunes snapshots by the clock until ctx ends.
func (s *supervisor) takeSnapshots(ctx context.Context, store *datastore.Store) error {
	if s.snapshots.disabled {
		return nil
	}
	schedule, err := cron.ParseStandard(s.snapshots.schedule)
	if err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Until(schedule.Next(time.Now()))):
		}
		if _, err := store.Save(ctx, s.snapshots.folder, s.snapshots.name); err != nil {
			logline.Printf("etcd snapshot: %v", err)
			continue
		}
		if _, err := datastore.Prune(s.snapshots.folder, s.snapshots.name, s.node, s.snapshots.keep); err != nil {
			logline.Printf("etcd snapshot: %v", err)
		}
	}
}
