package datastore

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"shimyard.dev/lab/k3s/logline"
)

// The rules here are those of K3s's pkg/etcd: a server joins as a learner, the leader promotes it,
// and a name and an address together say which member a node is.

// joinInTurn joins, as soon as no other server is about to.
func (s *Store) joinInTurn(ctx context.Context) (string, error) {
	for {
		cluster, err := s.join(ctx)
		if !errors.Is(err, rpctypes.ErrTooManyLearners) && !errors.Is(err, rpctypes.ErrUnhealthy) {
			return cluster, err
		}
		logline.Printf("Waiting for other members to finish joining etcd cluster: %v", err)
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// join adds this server to a cluster as a learner; the initial cluster to start with.
func (s *Store) join(ctx context.Context) (string, error) {
	known, err := s.Members(ctx)
	if err != nil {
		return "", err
	}
	var endpoints []string
	for _, member := range known {
		endpoints = append(endpoints, member.ClientURLs...)
	}
	client, err := s.dial(ctx, endpoints...)
	if err != nil {
		return "", err
	}
	defer func() { _ = client.Close() }()
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found, err := client.MemberList(bounded)
	if err != nil {
		return "", err
	}
	var cluster []string
	add := true
	for _, member := range found.Members {
		if len(member.PeerURLs) == 0 {
			continue
		}
		name, mine := member.Name, host(member.PeerURLs[0]) == s.Address
		if name == "" && mine {
			name = s.Name
		}
		if name == s.Name && mine {
			add = false
		} else if nodeOf(name) == s.NodeName {
			_ = os.Remove(s.Layout.Etcd("name"))
			return "", errors.New("duplicate node name found, please use a unique name for this node")
		}
		cluster = append(cluster, fmt.Sprintf("%s=%s", name, member.PeerURLs[0]))
	}
	if add {
		logline.Printf("Adding member %s=%s to etcd cluster %v", s.Name, s.peerURL(), cluster)
		if _, err := client.MemberAddAsLearner(bounded, []string{s.peerURL()}); err != nil {
			return "", err
		}
		cluster = append(cluster, fmt.Sprintf("%s=%s", s.Name, s.peerURL()))
	}
	return strings.Join(cluster, ","), nil
}

// PromoteLearners makes the members that have caught up full ones, as long as this is the leader.
func (s *Store) PromoteLearners(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
		if s.server.Server.Leader() != s.server.Server.MemberID() {
			continue
		}
		bounded, cancel := context.WithTimeout(ctx, 5*time.Second)
		found, err := s.Client.MemberList(bounded)
		if err == nil {
			for _, member := range found.Members {
				if !member.IsLearner {
					continue
				}
				if _, err := s.Client.MemberPromote(bounded, member.ID); err == nil {
					logline.Printf("Promoted learner %s", member.Name)
				}
			}
		}
		cancel()
	}
}

// Known are the members, as a joining server needs them.
func (s *Store) Known(ctx context.Context) ([]Member, error) {
	found, err := s.Client.MemberList(ctx)
	if err != nil {
		return nil, err
	}
	members := make([]Member, 0, len(found.Members))
	for _, each := range found.Members {
		members = append(members, Member{each.Name, each.PeerURLs, each.ClientURLs})
	}
	return members, nil
}

// waitPromoted waits until this member has a vote: before, it answers no reads of its cluster's.
func (s *Store) waitPromoted(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, promotion)
	defer cancel()
	for s.server.Server.IsLearner() {
		select {
		case <-ctx.Done():
			return errors.New("this etcd member was not promoted")
		case <-s.server.Server.StopNotify():
			return errors.New("this etcd member was removed before it was promoted")
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil
}

// Remove takes a member out of the cluster. Name and address must both be the member's.
func (s *Store) Remove(ctx context.Context, name, address string) error {
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found, err := s.Client.MemberList(bounded)
	if err != nil {
		return err
	}
	for _, member := range found.Members {
		if member.Name != name || len(member.PeerURLs) == 0 || host(member.PeerURLs[0]) != address {
			continue
		}
		logline.Printf("Removing name=%s id=%d address=%s from etcd", name, member.ID, address)
		_, err := s.Client.MemberRemove(bounded, member.ID)
		if errors.Is(err, rpctypes.ErrMemberNotFound) {
			return nil
		}
		return err
	}
	return nil
}

func host(text string) string {
	parsed, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return parsed.Hostname()
}

// nodeOf is the node's part of a member's name.
func nodeOf(member string) string {
	if at := strings.LastIndex(member, "-"); at > 0 {
		return member[:at]
	}
	return member
}
