using System.Text.Json.Serialization;
using Proxyless.Inference;

namespace Proxyless.Runs;

/// <summary>A model's answer for a photo, or the reason why there is none.</summary>
/// <param name="Image">The file; with an <see cref="Error"/>, possibly a folder.</param>
/// <param name="Classes">The most probable classes, best first; none if there is an <see cref="Error"/>.</param>
public sealed record Prediction(string Image, IReadOnlyList<ClassProbability> Classes)
{
    /// <summary>Why the file was not read, as a sentence that names it; null if it was read.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }
}
