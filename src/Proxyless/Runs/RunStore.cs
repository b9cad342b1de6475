using System.Text.Json;
using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Networks;
using Proxyless.Search;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>
/// Stores what the stages of a run return: it writes each value to the run's folder, where a resumed run finds it.
/// Values that this process has written are not read again.
/// </summary>
/// <param name="directory">The folder.</param>
internal sealed class RunStore(RunDirectory directory)
{
    private RunPlan? _plan;

    /// <summary>The files.</summary>
    public RunDirectory Directory => directory;

    /// <summary>The current plan: read on first use, written only by <see cref="Write(RunPlan)"/>.</summary>
    /// <exception cref="InvalidInputException">The file is damaged.</exception>
    public RunPlan Plan => _plan ??= RunPlan.Read(directory);

    /// <summary>Whether a search was finished here and an architecture was derived from it.</summary>
    public bool IsDerived => File.Exists(directory.SearchResult) && File.Exists(directory.Architecture);

    /// <summary>Rejects a search that has begun and whose steps are no longer known.</summary>
    /// <exception cref="InvalidInputException">The plan was removed; the message names its file.</exception>
    public void RequirePlanOfSearch()
    {
        bool hasBegun = File.Exists(directory.SearchLog) || new CheckpointFile(directory.SearchCheckpoint).Exists;
        if (hasBegun && !directory.IsBeginning && Plan.Search is null)
        {
            string state = File.Exists(directory.Plan) ? "does not hold the steps of the search" : "is missing";
            throw new InvalidInputException(
                $"'{directory.Plan}' {state}, and a search has begun there; restore the file, or begin another run"
            )
            {
                File = directory.Plan,
            };
        }
    }

    /// <summary>Replaces the plan.</summary>
    public void Write(RunPlan plan)
    {
        plan.Write(directory);
        _plan = plan;
    }

    /// <summary>Begins a run and replaces an existing one.</summary>
    /// <inheritdoc cref="RunDirectory.Begin"/>
    public void Begin(RunOptions options, Action removeMore)
    {
        directory.Begin(options, removeMore);
        _plan = new RunPlan();
    }

    /// <summary>Begins a training of the network that was searched here and replaces an earlier one.</summary>
    /// <inheritdoc cref="RunDirectory.BeginTraining"/>
    public void BeginTraining(RunOptions options)
    {
        RunPlan searched = Plan.WithoutTraining();
        directory.BeginTraining(options);
        _plan = searched;
    }

    /// <summary>Copies a finished search of another run.</summary>
    /// <param name="searched">That run.</param>
    /// <param name="log">The epochs of its search.</param>
    /// <param name="scores">The networks that were scored with its weights.</param>
    public void TakeSearch(RunStore searched, IReadOnlyList<SearchEpoch> log, IReadOnlyList<SharedScore> scores)
    {
        Write(Plan with { Search = searched.Plan.Search });
        new CheckpointFile(searched.Directory.SearchCheckpoint).CopyTo(
            directory.SearchCheckpoint,
            NullRunObserver.Instance
        );
        JsonLines.Write(directory.SearchLog, log);
        if (scores.Count > 0)
        {
            JsonLines.Write(directory.Scores, scores);
        }
    }

    /// <summary>Reads what an earlier job derived here.</summary>
    /// <exception cref="InvalidInputException">A file is damaged.</exception>
    public DerivedNetwork ReadDerived()
    {
        SearchResult result = ReadSearchResult();
        return new DerivedNetwork(result, ArchitectureFile.Read(directory.Architecture), ReadSearchLog());
    }

    /// <summary>Reads the result of the search.</summary>
    /// <exception cref="InvalidInputException">The file is damaged.</exception>
    public SearchResult ReadSearchResult() =>
        JsonText.Read<SearchResult>(directory.SearchResult, "remove it to have the architecture derived again") with
        {
            // The current paths: the folder may have been moved.
            Run = directory.Root,
            Architecture = directory.Architecture,
            Report = File.Exists(directory.Report) ? directory.Report : null,
        };

    /// <summary>Reads the result of the run; null if it has not ended.</summary>
    /// <exception cref="InvalidInputException">The file is damaged.</exception>
    public RunResult? ReadResult() =>
        File.Exists(directory.Result)
            ? JsonText.Read<RunResult>(directory.Result, "remove it and resume the run to create it again")
            : null;

    /// <summary>Reads the epochs of the search; none if there is no search.</summary>
    /// <exception cref="InvalidInputException">The file is damaged.</exception>
    public IReadOnlyList<SearchEpoch> ReadSearchLog() => JsonLines.Read<SearchEpoch>(directory.SearchLog);

    /// <summary>Reads the networks that were scored with the weights of the search; none if none were.</summary>
    /// <param name="space">The space of the search.</param>
    /// <exception cref="InvalidInputException">
    /// The file is damaged, or a line is not the score of a network of the space.
    /// </exception>
    public IReadOnlyList<SharedScore> ReadScores(SearchSpace space)
    {
        List<SharedScore> scores = JsonLines.Read<SharedScore>(directory.Scores);
        for (int i = 0; i < scores.Count; i++)
        {
            SharedScore score = scores[i];
            string? unmeasured =
                double.IsFinite(score.Loss) && double.IsFinite(score.Top1)
                    ? null
                    : Invariant($"a loss of {score.Loss} and a top-1 of {score.Top1} are no score");
            if ((space.Misfit(score.Choice) ?? unmeasured) is { } complaint)
            {
                throw new InvalidInputException(
                    Invariant($"{directory.Scores}, line {i + 1}: {complaint}; remove the line")
                )
                {
                    File = directory.Scores,
                };
            }
        }

        return scores;
    }

    /// <summary>Reads the epochs of the training.</summary>
    /// <exception cref="InvalidInputException">The file is damaged.</exception>
    public IReadOnlyList<TrainingCurvePoint> ReadTrainingLog() =>
        JsonLines.Read<TrainingCurvePoint>(directory.TrainingLog);

    /// <summary>
    /// Reads the cross-validated answers on a few training images; none if there were no few images with pretrained
    /// weights.
    /// </summary>
    /// <exception cref="InvalidInputException">The file is damaged.</exception>
    public IReadOnlyList<ImageAnswer> ReadCrossValidated() => JsonLines.Read<ImageAnswer>(directory.CrossValidated);

    /// <summary>
    /// Writes the cross-validated answers on a few training images; if there are none, those of an earlier decision are
    /// removed.
    /// </summary>
    public void WriteCrossValidated(IReadOnlyCollection<ImageAnswer> answers)
    {
        ArgumentNullException.ThrowIfNull(answers);
        if (answers.Count > 0)
        {
            JsonLines.Write(directory.CrossValidated, answers);
        }
        else
        {
            File.Delete(directory.CrossValidated);
        }
    }

    /// <summary>Reads the answers of the folds that are finished.</summary>
    /// <exception cref="InvalidInputException">The file is damaged.</exception>
    public IReadOnlyList<FoldAnswer> ReadFolds() => JsonLines.Read<FoldAnswer>(directory.Folds);

    /// <summary>Writes the answers of the folds that are finished.</summary>
    public void WriteFolds(IEnumerable<FoldAnswer> answers) => JsonLines.Write(directory.Folds, answers);

    /// <summary>Writes what was derived; this marks its search as finished.</summary>
    public void Write(DerivedNetwork derived)
    {
        Write(derived.Architecture);
        Write(derived.Result);
    }

    /// <summary>Writes the result of the search.</summary>
    public void Write(SearchResult result) =>
        AtomicFile.WriteAllText(directory.SearchResult, JsonSerializer.Serialize(result, JsonLines.Indented));

    /// <summary>Writes an architecture and its picture.</summary>
    public void Write(Architecture architecture)
    {
        ArchitectureFile.Write(directory.Architecture, architecture);
        AtomicFile.WriteAllText(directory.Picture, ArchitecturePicture.Svg(architecture));
    }

    /// <summary>Writes the result of the run.</summary>
    public void Write(RunResult result) =>
        AtomicFile.WriteAllText(directory.Result, JsonSerializer.Serialize(result, JsonLines.Indented));
}
