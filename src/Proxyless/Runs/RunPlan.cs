using System.Text.Json;
using Proxyless.Search;

namespace Proxyless;

/// <summary>
/// What a run fixes once and a resume repeats: numbers of steps, from epochs, or from <c>--time</c> and measured step times.
/// </summary>
public sealed record RunPlan
{
    /// <summary>Steps of the search.</summary>
    public SearchPlan? Search { get; init; }

    /// <summary>Steps of the training.</summary>
    public long? TrainSteps { get; init; }

    /// <summary>Seconds spent on profiling and search so far.</summary>
    public double SearchSeconds { get; init; }

    /// <summary>Seconds spent on training so far.</summary>
    public double TrainSeconds { get; init; }

    /// <summary>What the data was when the run began.</summary>
    public string? DataFingerprint { get; init; }

    /// <summary>Reads the plan of a run, an empty one where there is none yet.</summary>
    public static RunPlan Read(RunDirectory directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        if (!File.Exists(directory.Plan))
        {
            return new RunPlan();
        }

        try
        {
            return JsonSerializer.Deserialize<RunPlan>(File.ReadAllText(directory.Plan), JsonLines.Options)!;
        }
        catch (JsonException exception)
        {
            throw new InvalidInputException($"{directory.Plan} is no plan: {exception.Message}", exception);
        }
    }

    /// <summary>Writes the plan.</summary>
    public void Write(RunDirectory directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        AtomicFile.WriteAllText(directory.Plan, JsonSerializer.Serialize(this, JsonLines.Indented));
    }
}
