using Proxyless.Measurement;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Measurement;

/// <summary>Records of node times as ONNX Runtime writes them.</summary>
public sealed class NodeProfileTests : IDisposable
{
    private const string Record = """
        [
        {"cat" : "Session","dur" :12,"ts" :1,"ph" : "X","name" :"model_loading_array","args" : {}},
        {"cat" : "Node","dur" :7,"ts" :2,"ph" : "X","name" :"stem_kernel_time","args" : {}},
        {"cat" : "Node","dur" :3,"ts" :3,"ph" : "X","name" :"head_kernel_time","args" : {}},
        {"cat" : "Session","dur" :11,"ts" :4,"ph" : "X","name" :"model_run","args" : {}}
        ]
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_record_has_the_times_of_each_run()
    {
        IReadOnlyList<NodeTime> run = Assert.Single(NodeProfile.Read(Written(Record)));
        Assert.Equal((2, new NodeTime("stem", 7), new NodeTime("head", 3)), (run.Count, run[0], run[1]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(30)]
    [InlineData(200)]
    public void A_record_that_a_full_disk_has_cut_is_no_bug_and_says_what_helps(int length)
    {
        string file = Written(Record[..length]);
        IOException refused = Assert.Throws<IOException>(() => NodeProfile.Read(file));
        Assert.Contains(file, refused.Message, StringComparison.Ordinal);
        Assert.Contains("set TMPDIR", refused.Message, StringComparison.Ordinal);
    }

    private string Written(string text) => _folder.Add("nodes.json", System.Text.Encoding.UTF8.GetBytes(text));
}
